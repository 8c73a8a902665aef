/** Flax's tests of vmap, cond and switch as behaviours, under their names. */
import { expect, it } from 'vitest';
import { BatchStat, Module, Param, Rngs, Variable, cpu, jit, lax, nn, nnx, np, random, vmap, withDevice } from '../../../src/index.ts';
import type { Tensor } from '../../../src/index.ts';
import { assertAllClose } from '../../../src/testing/index.ts';
import { codeOf } from '../../support/host.ts';
import { messageWithoutLine } from '../../support/messages.ts';

const on = <T>(f: () => T): T => withDevice(cpu, f);
const messageOf = (f: () => unknown): string => messageWithoutLine(() => on(f));

class Block extends Module {
  readonly linear: nnx.Linear;
  readonly bn: nnx.BatchNorm;
  readonly dropout: nnx.Dropout;

  constructor(rngs: Rngs) {
    super();
    this.linear = new nnx.Linear(2, 3, { rngs });
    this.bn = new nnx.BatchNorm(3, { rngs });
    this.dropout = new nnx.Dropout(0.5, { rngs });
  }

  forward(x: Tensor): Tensor {
    return this.dropout.forward(nn.relu(this.bn.forward(this.linear.forward(x))));
  }
}

class Held extends Module {
  readonly a: Param;

  constructor(a: Param) {
    super();
    this.a = a;
  }
}

class Broadcast extends Variable {
  declare readonly __kind: 'Broadcast';
}

class Vectorized extends Variable {
  declare readonly __kind: 'Vectorized';
}

class Env extends Module {
  readonly broadcast: Broadcast = new Broadcast(1);
  readonly index: Vectorized = new Vectorized(np.arange(8));
  readonly step: Vectorized = new Vectorized(np.zeros([8], { dtype: 'uint32' }));
}

const envAxes = nnx.stateAxes([[Broadcast, null], [Vectorized, 0]]);
const isEven = (env: Env): Tensor => np.equal(np.mod(env.index.value, 2), 0);

it('test_state_axes: some kinds mapped, others shared, made and applied', async () => {
  const axes = nnx.stateAxes([[[BatchStat, 'dropout'], 0], [nnx.rest, null]]);
  const rngs = on(() => new Rngs({ params: new nnx.RngStream(0, 'params', { broadcast: true }), dropout: 1 }));
  const create = (rngs: Rngs): Block => new Block(rngs);
  const model = on(() => vmap(create, { inAxes: axes, outAxes: axes })(rngs.split({ dropout: 5 })));
  expect([model.linear.kernel.shape, model.bn.scale!.shape, model.bn.mean.shape, model.dropout.rngs!.key.shape]).toEqual([
    [2, 3], [3], [5, 3], [5, 2],
  ]);
  const x = on(() => random.normal(random.key(0), [5, 4, 2]));
  const forward = vmap((m: Block, x: Tensor) => {
    expect([m.dropout.rngs!.key.shape, m.bn.mean.shape]).toEqual([[2], [3]]);
    return m.forward(x);
  }, { inAxes: [axes, 0] });
  expect(on(() => jit(forward)(model, x)).shape).toEqual([5, 4, 3]);
  expect(await model.dropout.rngs!.count.value.array()).toEqual([1, 1, 1, 1, 1]);
  const means = await model.bn.mean.value.array<number[][]>();
  expect(new Set(means.map(String)).size).toBe(5);
});

it('test_state_axes: filters that leave a Variable out, tensors, and what is no list', () => {
  const env = new Env();
  const mapped = (inAxes: nnx.StateAxes) => (): unknown => vmap((env: Env) => env.step.value, { inAxes: [inAxes] })(env);
  expect(messageOf(mapped(nnx.stateAxes([[Vectorized, 0]])))).toMatchInlineSnapshot(`
    "[VMAP_AXIS] inAxes[0]: none of the filters chooses 'broadcast', a Broadcast
      fix: nnx.stateAxes([[nnx.Param, 0], [nnx.rest, null]])"
  `);
  expect(messageOf(() => vmap((x: Tensor) => x, { inAxes: [envAxes] })(np.ones([3])))).toMatchInlineSnapshot(`
    "[VMAP_AXIS] inAxes[0] is for Variables, and there is float32[3]
      fix: inAxes: [nnx.stateAxes([[nnx.Param, 0], [nnx.rest, null]]), 0]"
  `);
  expect(messageOf(() => nnx.stateAxes([[Vectorized]] as never))).toMatchInlineSnapshot(`
    "[VALUE] nnx.stateAxes: entry 0 is no filter with its axis, a whole number or null
      fix: nnx.stateAxes([[nnx.Param, 0], [nnx.rest, null]])"
  `);
  expect(messageOf(mapped(nnx.stateAxes([[Vectorized, 1], [nnx.rest, null]])))).toMatch(/\[VMAP_AXIS\].*args\[0\]\.index/);
});

it('test_state_axes: below arrays and objects of modules', async () => {
  const envs = [new Env(), new Env()];
  const inAxes = nnx.stateAxes([[nnx.pathContains('broadcast'), null], [nnx.rest, 0]]);
  const run = vmap(({ all }: { all: readonly Env[] }) => {
    for (const env of all) env.step.value = env.index.value.add(env.broadcast).astype('uint32');
  }, { inAxes });
  on(() => run({ all: envs }));
  await assertAllClose(envs[1]!.step.value.astype('int32'), np.arange(8).add(1));
});

it('test_replicate: a shared model that draws for itself in every element', async () => {
  const model = on(() => new Block(new Rngs(0)));
  const axes = nnx.stateAxes([[nnx.RngState, 0], [nnx.rest, null]]);
  const before = await model.dropout.rngs!.key.value.array();
  const forward = vmap((m: Block, x: Tensor) => m.dropout.forward(m.linear.forward(x)), { inAxes: [axes, 0] });
  const run = (): Tensor => nnx.splitRngs(model, { splits: 5 }, () => forward(model, np.ones([5, 8, 2])));
  const [first, second] = [on(run), on(run)];
  const rows = (await first.array<number[][][]>()).map(String);
  expect(new Set(rows).size).toBeGreaterThan(1);
  expect((await second.array<number[][][]>()).map(String)).not.toEqual(rows);
  expect(await model.dropout.rngs!.key.value.array()).toEqual(before);
  expect(await model.dropout.rngs!.count.value.item()).toBe(2);
});

it('test_consistent_aliasing_inputs: one module with two axes', () => {
  const m = new Held(new Param(np.zeros([5, 5])));
  const f = vmap((_: Held, other: Held) => other.a.value, { inAxes: [0, 1] });
  expect(messageOf(() => f(m, m))).toMatch(/\[ALIASING\].*args\[0\]\.a with axis 0 and at args\[1\]\.a with axis 1/);
});

it('test_consistent_aliasing_input_output: an argument that is returned stays the caller’s, on its own axis', async () => {
  const m = new Held(new Param(np.zeros([2, 3])));
  const f = vmap((m: Held) => {
    m.a.value = m.a.value.add(1);
    return m;
  }, { outAxes: 1 });
  expect(on(() => f(m))).toBe(m);
  await assertAllClose(m.a.value, np.ones([2, 3]));
});

it('test_consistent_aliasing_shared: a module shared by two with different axes', () => {
  const shared = new Param(np.zeros([3, 3]));
  const f = vmap((_: Held, other: Held) => other.a.value, { inAxes: [0, 1] });
  expect(codeOf(() => on(() => f(new Held(shared), new Held(shared))))).toBe('ALIASING');
});

it('test_equivalent_state_axes_mapping: one module several times, with axes that agree', async () => {
  const m = new Held(new Param(np.array([1, 2, 3])));
  const inAxes = [0, nnx.stateAxes([[nnx.rest, 0]]), nnx.stateAxes([[Param, 0]])];
  const f = vmap((a: Held, b: Held, c: Held) => a.a.value.add(b.a).add(c.a), { inAxes });
  await assertAllClose(on(() => f(m, m, m)), np.array([3, 6, 9]));
});

it('test_captured_module_in_return_error: a captured module comes back as itself', () => {
  const m = new Held(new Param(np.arange(4)));
  const [out] = on(() => vmap((x: Tensor) => [m, x] as const)(np.zeros([4])));
  expect(out).toBe(m);
});

it('test_vmap_and_cond_passthrough: branches that write mapped Variables', async () => {
  const env = new Env();
  const f = vmap((env: Env) => {
    expect(env.step.shape).toEqual([]);
    lax.cond(isEven(env), (env: Env) => env.step.update((step) => step.add(1)), () => {}, env);
  }, { inAxes: envAxes });
  on(() => f(env));
  expect(await env.step.value.array()).toEqual([1, 0, 1, 0, 1, 0, 1, 0]);
});

it('test_vmap_and_cond_passthrough_error: and one that is shared', async () => {
  const env = new Env();
  const f = vmap((env: Env) => {
    lax.cond(isEven(env), (env: Env) => env.broadcast.update((value) => value.add(1)), () => {}, env);
  }, { inAxes: envAxes });
  expect(messageOf(() => f(env))).toMatch(/\[STATE_WRITE\].*args\[0\]\.broadcast/);
  await assertAllClose(env.broadcast.value, 1);
});

it('test_cond_different_variable_per_branch: each keeps its value in the other branch', async () => {
  const [a, b] = [new BatchStat(0), new BatchStat(0)];
  const [addToA, addToB] = [
    (a: BatchStat) => a.update((value) => value.add(1)),
    (_: BatchStat, b: BatchStat) => b.update((value) => value.add(10)),
  ];
  const run = (p: boolean): void => on(() => lax.cond(np.scalar(p), addToA, addToB, a, b));
  run(true);
  await assertAllClose([a.value, b.value], [np.array(1), np.array(0)]);
  run(false);
  await assertAllClose([a.value, b.value], [np.array(1), np.array(10)]);
});

it('test_cond_shared_references: one Variable under two names', async () => {
  class Twice extends Module {
    readonly a: BatchStat = new BatchStat(0);
    readonly b: BatchStat = this.a;
  }
  const m = new Twice();
  const run = (p: boolean): void =>
    on(() => lax.cond(np.scalar(p), (m: Twice) => m.a.update((v) => v.add(1)), (m: Twice) => m.b.update((v) => v.add(2)), m));
  run(true);
  await assertAllClose([m.a.value, m.b.value], [np.array(1), np.array(1)]);
  run(false);
  await assertAllClose([m.a.value, m.b.value], [np.array(3), np.array(3)]);
});
