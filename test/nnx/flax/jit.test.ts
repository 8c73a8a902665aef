/** Flax's tests of jit as behaviours, under their names. */
import { expect, it } from 'vitest';
import {
  BatchStat, Module, Param, Rngs, cpu, evalShape, grad, jit, jvp, lax, nnx, np, random, valueAndGrad, vjp, vmap, withDevice,
} from '../../../src/index.ts';
import type { Tensor } from '../../../src/index.ts';
import { assertAllClose } from '../../../src/testing/index.ts';
import { codeOf } from '../../support/host.ts';

const on = <T>(f: () => T): T => withDevice(cpu, f);
const device = { device: cpu };

class Pair extends Module {
  a: nnx.Linear;
  b: nnx.Linear;

  constructor(rngs: Rngs) {
    super();
    this.a = new nnx.Linear(2, 2, { rngs });
    this.b = new nnx.Linear(2, 2, { rngs });
  }
}

class Counter extends Module {
  readonly count: BatchStat = new BatchStat(0);

  forward(x: Tensor): Tensor {
    this.count.update((count) => count.add(1));
    return x.mul(2);
  }
}

class Node extends Module {
  readonly w: Param = new Param(1);
  ref: Node | null = null;
}

const pair = (): Pair => on(() => new Pair(new Rngs(0)));
const linear = (): nnx.Linear => on(() => new nnx.Linear(2, 3, { rngs: new Rngs(0) }));
const messageOf = (f: () => unknown): string => {
  try {
    on(f);
  } catch (error) {
    return (error as Error).message;
  }
  return 'no error';
};

it('test_simple_double_call: one trace for two calls', () => {
  let traces = 0;
  const f = jit((m: nnx.Linear, x: Tensor) => {
    traces++;
    return m.forward(x);
  }, device);
  const m = linear();
  expect([f(m, np.ones([1, 2])).shape, f(m, np.ones([1, 2])).shape]).toEqual([[1, 3], [1, 3]]);
  expect(traces).toBe(1);
});

it('test_jit_on_init: a model that a program makes', async () => {
  class Foo extends Module {
    readonly w: Param;
    readonly inFeatures: number;

    constructor(inFeatures: number, outFeatures: number, rngs: Rngs) {
      super();
      this.w = new Param(random.normal(rngs.params(), [inFeatures, outFeatures]));
      this.inFeatures = inFeatures;
    }
  }
  let traces = 0;
  const make = jit((inFeatures: number, outFeatures: number, rngs: Rngs) => {
    traces++;
    return new Foo(inFeatures, outFeatures, rngs);
  }, device);
  const [first, second] = [make(2, 3, on(() => new Rngs(0))), make(2, 3, on(() => new Rngs(0)))];
  expect([first.w.shape, first.inFeatures, first === second]).toEqual([[2, 3], 2, false]);
  await assertAllClose(first.w.value, second.w.value);
  // The second trace shows that the first Rngs were reached as an argument only.
  make(2, 3, on(() => new Rngs(1)));
  expect(traces).toBe(2);
});

it('test_objects_in_pytree: modules inside of arguments keep their identity', async () => {
  const m = pair();
  const f = jit(([{ foo }]: [{ foo: Pair }]) => {
    foo.a.kernel.value = foo.b.kernel.value;
    return { foo };
  }, device);
  expect(f([{ foo: m }]).foo).toBe(m);
  await assertAllClose(m.a.kernel.value, m.b.kernel.value);
  const swapped = jit(([{ foo }]: [{ foo: Pair }]) => {
    [foo.a, foo.b] = [foo.b, foo.a];
  }, device);
  expect(messageOf(() => swapped([{ foo: pair() }]))).toMatch(/\[STRUCTURE\][\s\S]*args\[0\]\[0\]\.foo/);
});

it('test_graph_updates_unflatten: submodules of different classes are not swapped in silence', () => {
  class Foo extends Module {
    a: Module;
    b: Module;

    constructor(rngs: Rngs) {
      super();
      this.a = new nnx.Linear(2, 2, { rngs });
      this.b = new nnx.BatchNorm(2, { rngs });
    }
  }
  const m = on(() => new Foo(new Rngs(0)));
  const swap = (m: Foo): void => {
    [m.a, m.b] = [m.b, m.a];
  };
  expect(messageOf(() => jit(swap, device)(m))).toMatch(/\[STRUCTURE\] jit\(swap\)[\s\S]*args\[0\]\.a/);
});

it('test_graph_updates_same_type: nor are those of one class', () => {
  const swap = (m: Pair): void => {
    [m.a, m.b] = [m.b, m.a];
  };
  expect(messageOf(() => jit(swap, device)(pair()))).toMatch(/\[STRUCTURE\] jit\(swap\)[\s\S]*args\[0\]\.a\.kernel: another Param/);
});

it('test_graph_updates_swap_variables: nor are Variables, but their values may be', async () => {
  class Two extends Module {
    a: Param = new Param(1);
    b: Param = new Param(2);
  }
  const swap = (m: Two): void => {
    [m.a, m.b] = [m.b, m.a];
  };
  expect(messageOf(() => jit(swap, device)(new Two()))).toMatch(/\[STRUCTURE\] jit\(swap\)[\s\S]*args\[0\]\.a: another Param/);
  const two = new Two();
  const [a, b] = [two.a, two.b];
  jit((m: Two) => {
    [m.a.value, m.b.value] = [m.b.value, m.a.value];
  }, device)(two);
  await assertAllClose([a.value, b.value], [np.array(2), np.array(1)]);
  expect([two.a === a, two.b === b]).toEqual([true, true]);
});

it('test_graph_updates_add_self_reference: a new reference is an error that names its path', () => {
  const refer = (m: Node): void => {
    m.ref = m;
  };
  expect(messageOf(() => jit(refer, device)(new Node()))).toMatch(/\[STRUCTURE\] jit\(refer\)[\s\S]*args\[0\]\.ref/);
});

it('test_graph_updates_ref_in_output: a module with a cycle comes back as itself', () => {
  const m = new Node();
  m.ref = m;
  const f = jit((m: Node) => ({ m, ref: m.ref }), device);
  for (let i = 0; i < 2; i++) {
    const out = f(m);
    expect([out.m === m, out.ref === m, m.ref === m]).toEqual([true, true, true]);
  }
});

it('test_tree_jit_no_retrace: nor does a second model after the twin trace', () => {
  let traces = 0;
  const f = jit((m: nnx.Linear, x: Tensor) => {
    traces++;
    return m.forward(x);
  }, device);
  for (let i = 0; i < 4; i++) f(linear(), np.ones([1, 2]));
  expect(traces).toBe(2);
});

it('test_tree_jit_variable_update: a method writes its state', async () => {
  const m = new Counter();
  const f = jit((m: Counter, x: Tensor) => m.forward(x), device);
  for (const count of [1, 2]) {
    await assertAllClose(f(m, np.array(3)), 6);
    await assertAllClose(m.count.value, count);
  }
});

it('test_tree_jit_no_input_output_aliasing: a Variable that is returned is the caller’s own', async () => {
  const v = new Param(1);
  const f = jit((v: Param) => {
    v.value = v.value.add(1);
    return v;
  }, device);
  expect(f(v)).toBe(v);
  await assertAllClose(v.value, 2);
});

it('test_tree_jit_no_shared_variable_refs: one Variable in two arguments is one', async () => {
  const v = new Param(1);
  const f = jit((a: Param, b: Param) => {
    a.value = a.value.add(1);
    b.value = b.value.mul(10);
  }, device);
  f(v, v);
  await assertAllClose(v.value, 20);
  const [one, other] = [new Param(1), new Param(1)];
  f(one, other);
  await assertAllClose([one.value, other.value], [np.array(2), np.array(10)]);
});

it('test_tree_jit_new_variable_output_ok: a Variable may be made and returned', async () => {
  const made = jit((x: Tensor) => new Param(x.add(1)), device)(np.array(1));
  expect(made).toBeInstanceOf(Param);
  await assertAllClose(made.value, 2);
});

it('test_tree_jit_donate_argnums_unchanged_var: Variables outlive donation', async () => {
  const v = new Param(1);
  const f = jit((v: Param, x: Tensor) => v.value.add(x), { device: cpu, donate: [0] });
  for (let i = 0; i < 2; i++) await assertAllClose([f(v, np.array(1)), v.value], [np.array(2), np.array(1)]);
});

it('test_tree_jit_donate_selective: of tensors, those that are named are consumed', async () => {
  const f = jit((a: Tensor, b: Tensor) => a.add(b), { device: cpu, donate: [0] });
  const [a, b] = [np.array(1), np.array(2)];
  await assertAllClose(f(a, b), 3);
  expect([a.disposed, b.disposed]).toEqual([true, false]);
});

it('test_jit_partial_no_retrace_after_mutation: bound by closure, a model may change outside', async () => {
  let traces = 0;
  const m = linear();
  const f = jit((x: Tensor) => {
    traces++;
    return m.forward(x);
  }, device);
  f(np.ones([1, 2]));
  m.kernel.value = np.zeros([2, 3]);
  await assertAllClose(f(np.ones([1, 2])), np.zeros([1, 3]));
  expect(traces).toBe(1);
});

it('test_jit_partial_shared_variable: a Variable that two bound models share is one', async () => {
  const shared = new Param(np.array(1));
  class Holder extends Module {
    readonly w: Param = shared;
  }
  const [a, b] = [new Holder(), new Holder()];
  const f = jit(() => {
    a.w.value = a.w.value.add(1);
    return b.w.value.mul(10);
  }, device);
  await assertAllClose([f(), f(), shared.value], [np.array(20), np.array(30), np.array(3)]);
});

it('test_jit_inconsistent_aliasing: a call with other aliasing is another program', async () => {
  const f = jit((a: Param, b: Param) => {
    a.value = a.value.add(1);
    return b.value.mul(1);
  }, device);
  const [one, other] = [new Param(1), new Param(5)];
  await assertAllClose([f(one, other), f(one, one), f(other, one)], [np.array(5), np.array(3), np.array(3)]);
});

it('test_eval_shape_no_state_update: a query writes nothing', async () => {
  const m = new Counter();
  expect(on(() => evalShape((m: Counter, x: Tensor) => m.forward(x), m, np.ones([2]))).shape).toEqual([2]);
  await assertAllClose(m.count.value, 0);
});

const m = linear();
const x = np.ones([1, 2]);
it.each(Object.entries({
  test_jit_with_bound_method_raises: () => jit(m.forward)(x),
  test_grad_with_bound_method_raises: () => grad(m.forward)(x),
  test_value_and_grad_with_bound_method_raises: () => valueAndGrad(m.forward)(x),
  test_vmap_with_bound_method_raises: () => vmap(m.forward)(x),
  test_vjp_with_bound_method_raises: () => vjp(m.forward, x),
  test_jvp_with_bound_method_raises: () => jvp(m.forward, [x], [x]),
  test_eval_shape_with_bound_method_raises: () => evalShape(m.forward, x),
}))('%s', (_, call) => {
  expect(messageOf(call)).toMatch(/\[VALUE\] forward of Linear was called without its module[\s\S]*fix: jit\(\(model, x\) => model\.forward\(x\)\)/);
});

it('test_scan_with_bound_method_raises: and so in loops and branches', () => {
  class Step extends Module {
    forward(carry: Tensor): readonly [Tensor, null] {
      return [carry, null];
    }
  }
  const step = new Step();
  expect(codeOf(() => on(() => lax.scan(step.forward, x, null, { length: 2 })))).toBe('VALUE');
  expect(codeOf(() => on(() => lax.cond(np.scalar(true), m.forward, m.forward, x)))).toBe('VALUE');
});
