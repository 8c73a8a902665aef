/** State in derivatives: written once, in the forward pass; its tangents end at the transform, and not at the one around it. */
import { describe, expect, test } from 'vitest';
import {
  BatchStat, HeddleError, Module, Param, cpu, grad, hessian, jacfwd, jacrev, jit, jvp, lax, linearize, makeJaxpr, np, valueAndGrad,
  vjp, vmap, withDevice,
} from '../../../src/index.ts';
import type { State, Tensor } from '../../../src/index.ts';
import { assertAllClose } from '../../../src/testing/index.ts';
import { useWgsl } from '../../support/wgsl.ts';

const wgsl = useWgsl();
const devices = { cpu: () => cpu, WGSL: () => wgsl.device };

class Cell extends Module {
  readonly c: Param;

  constructor(c: number) {
    super();
    this.c = new Param(c);
  }
}

describe.each(Object.entries(devices))('on %s', (_, device) => {
  const on = <T>(f: () => T): T => withDevice(device(), f);

  test.each([false, true])('a tangent through state ends at its transform, not at the outer one, jitted: %s', async (isJitted) => {
    const m = new Cell(0);
    const inner = (x: Tensor): Tensor => {
      m.c.value = m.c.value.add(x);
      return x.mul(m.c);
    };
    const outer = grad((x: Tensor) => grad(inner)(x).add(m.c));
    const result = on(() => (isJitted ? jit(outer, { device: device() })(np.array(2)) : outer(2)));
    await assertAllClose([result, m.c.value], [np.array(3), np.array(2)]);
  });

  test('the module as an argument gives the same', async () => {
    const m = new Cell(0);
    const inner = (x: Tensor, cell: Cell): Tensor => {
      cell.c.value = cell.c.value.add(x);
      return x.mul(cell.c);
    };
    const outer = grad((x: Tensor, cell: Cell) => grad(inner)(x, cell).add(cell.c));
    await assertAllClose([on(() => outer(2, m)), m.c.value], [np.array(3), np.array(2)]);
  });
});

const on = <T>(f: () => T): T => withDevice(cpu, f);

/** Counts its calls; the value is (count after the call) * w². */
class Counting extends Module {
  readonly w: Param = new Param(3);
  readonly calls: BatchStat = new BatchStat(0);

  forward(): Tensor {
    this.calls.update((calls) => calls.add(1));
    return this.w.value.mul(this.w).mul(this.calls);
  }
}

const run = (model: Counting): Tensor => model.forward();

describe('what the function writes is written once', () => {
  const along = (model: Counting): State => model.split()[0].extract(Param);
  const transforms: Readonly<Record<string, (model: Counting) => unknown>> = {
    grad: (model) => grad(run)(model),
    valueAndGrad: (model) => valueAndGrad(run)(model),
    jvp: (model) => jvp(run, [model], [along(model)]),
    linearize: (model) => linearize(run, model)[1](along(model)),
    vjp: (model) => vjp(run, model)[1](1),
    jacfwd: (model) => jacfwd(run)(model),
    jacrev: (model) => jacrev(run)(model),
    'hessian of a captured module': (model) => hessian((x: Tensor) => model.forward().mul(x).mul(x))(2),
    'grad of grad': (model) => grad((x: Tensor) => grad((y: Tensor) => model.forward().mul(y).mul(x))(x))(2),
    'grad of a captured module': (model) => grad((x: Tensor) => model.forward().mul(x))(2),
  };

  test.each(Object.entries(transforms))('%s', async (_, transform) => {
    const [plain, jitted] = [new Counting(), new Counting()];
    on(() => transform(plain));
    on(() => jit((model: Counting) => void transform(model))(jitted));
    await assertAllClose([plain.calls.value, plain.w.value], [np.array(1), np.array(3)]);
    await assertAllClose([jitted.calls.value, jitted.w.value], [np.array(1), np.array(3)]);
  });

  test('and is what the next call reads, in the same trace and outside', async () => {
    const model = new Counting();
    // 6 of the first call, 12 of the second.
    const twice = (m: Counting): Tensor => grad(run)(m).get('w').value.add(grad(run)(m).get('w'));
    await assertAllClose(on(() => twice(model)), 18);
    await assertAllClose(on(() => jit(twice)(model)), 6 * 3 + 6 * 4);
    await assertAllClose(model.calls.value, 4);
  });
});

test('a function that throws writes nothing', async () => {
  const model = new Counting();
  const failing = (m: Counting): Tensor => {
    m.forward();
    throw new RangeError('on purpose');
  };
  expect(() => on(() => grad(failing)(model))).toThrow(RangeError);
  await assertAllClose(model.calls.value, 0);
  await assertAllClose(on(() => grad(run)(model)).get('w').value, 6);
});

test('a query differentiates without writing', async () => {
  const model = new Counting();
  const closed = on(() => makeJaxpr((m: Counting) => grad(run)(m).get('w').value)(model));
  expect(closed.writes).toEqual(['BatchStat args[0].calls']);
  await assertAllClose(model.calls.value, 0);
});

test('captured Variables are constants, also when they are written', async () => {
  const model = new Counting();
  await assertAllClose(on(() => grad((x: Tensor) => x.mul(model.forward()))(2)), 9);
  await assertAllClose(on(() => jit(grad((x: Tensor) => x.mul(model.forward())))(np.array(2))), 18);
  await assertAllClose(model.calls.value, 2);
});

test('what is written may depend on what is differentiated', async () => {
  const model = new Cell(1);
  const gradient = on(() =>
    grad((m: Cell) => {
      m.c.value = m.c.value.mul(m.c);
      return m.c.value.mul(m.c);
    })(model),
  );
  // c⁴ at 1, whose derivative is 4; the new value is 1.
  await assertAllClose([gradient.get('c').value, model.c.value], [np.array(4), np.array(1)]);
});

test('vmap of grad over a mapped module, grad of vmap over an unmapped one', async () => {
  const batch = new Cell(0);
  batch.c.value = np.array([1, 2, 3]);
  const square = (m: Cell): Tensor => m.c.value.mul(m.c);
  await assertAllClose(on(() => vmap(grad(square))(batch)).get('c').value, np.array([2, 4, 6]));
  const single = new Cell(2);
  const xs = np.array([1, 10]);
  const total = (m: Cell): Tensor => np.sum(vmap((cell: Cell, x: Tensor) => square(cell).mul(x), { inAxes: [null, 0] })(m, xs));
  await assertAllClose(on(() => grad(total)(single)).get('c').value, 44);
});

test('one Variable in two roles', () => {
  const model = new Cell(1);
  const code = (f: () => unknown): string => {
    try {
      on(f);
    } catch (error) {
      if (error instanceof HeddleError) return error.code;
    }
    return 'no error';
  };
  const sum = (a: Cell, b: Cell): Tensor => a.c.value.add(b.c);
  expect(code(() => grad(sum)(model, model))).toBe('ALIASING');
  expect(code(() => grad(sum, { argnums: [0, 1] })(model, model))).toBe('ALIASING');
  expect(code(() => grad(([a, b]: [Param, Param]) => a.value.add(b))([model.c, model.c]))).toBe('ALIASING');
});

const LOOPS = ['scan', 'foriLoop', 'whileLoop', 'cond'] as const;

test.each(LOOPS)('descent inside of %s: the gradient reads and writes the loop’s state', async (loop) => {
  const model = new Cell(4);
  const loss = (m: Cell): Tensor => m.c.value.mul(m.c);
  // c becomes c - 0.25 * 2 c, half of it.
  const step = (): void => {
    const slope = grad(loss)(model).get('c').value;
    model.c.update((c) => c.sub(slope.mul(0.25)));
  };
  const body = (i: Tensor): Tensor => {
    step();
    return i.add(1);
  };
  on(() => {
    if (loop === 'scan') lax.scan((carry: null, x: Tensor) => [carry, body(x)] as const, null, np.arange(3));
    if (loop === 'foriLoop') lax.foriLoop(0, 3, (_, carry: Tensor) => body(carry), np.array(0));
    if (loop === 'whileLoop') lax.whileLoop((i: Tensor) => np.less(i, 3), body, np.array(0));
    if (loop === 'cond') for (let i = 0; i < 3; i++) lax.cond(np.scalar(true), body, (x: Tensor) => x, np.array(i));
  });
  await assertAllClose(model.c.value, 0.5);
});
