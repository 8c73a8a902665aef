/** jit: what is static, what hits, what is donated, what comes back. */
import { afterEach, describe, expect, test, vi } from 'vitest';
import { HeddleError, Module, Param, jit, lax, makeJaxpr, nnx, np, vmap } from '../../src/index.ts';
import type { Tensor } from '../../src/index.ts';
import { assertAllClose, printJaxpr } from '../../src/testing/index.ts';
import { useWgsl } from '../support/wgsl.ts';

const wgsl = useWgsl();

afterEach(() => {
  vi.restoreAllMocks();
});

const ones = (): Tensor => np.ones([3]);

describe('static leaves', () => {
  test('numbers, booleans and strings select a program and are what they seem inside', async () => {
    let traces = 0;
    const f = jit((x: Tensor, power: number, options: { readonly negate: boolean; readonly name: string }) => {
      traces++;
      expect(typeof power).toBe('number');
      const y = x.mul(power);
      return options.negate ? y.neg() : y;
    });
    await assertAllClose(f(ones(), 2, { negate: true, name: 'a' }), np.array([-2, -2, -2]));
    await assertAllClose(f(ones(), 2, { name: 'a', negate: true }), np.array([-2, -2, -2]));
    expect(traces).toBe(1);
    await assertAllClose(f(ones(), 2, { negate: false, name: 'a' }), np.array([2, 2, 2]));
    await assertAllClose(f(ones(), 2, { negate: true, name: 'b' }), np.array([-2, -2, -2]));
    expect(traces).toBe(3);
  });

  test('functions by identity, NaN and -0 as themselves', async () => {
    const apply = jit((g: (x: Tensor) => Tensor, x: Tensor) => g(x));
    const [sin, cos] = [np.sin, np.cos];
    await assertAllClose(apply(sin, ones()), np.sin(ones()));
    await assertAllClose(apply(cos, ones()), np.cos(ones()));
    expect(apply.stats().traces).toBe(2);
    apply(sin, ones());
    expect(apply.stats().traces).toBe(2);
    const scale = jit((x: Tensor, by: number) => x.mul(Object.is(by, -0) ? 7 : Number.isNaN(by) ? 5 : 3));
    await assertAllClose(
      [scale(ones(), 0), scale(ones(), -0), scale(ones(), NaN)],
      [np.full([3], 3), np.full([3], 7), np.full([3], 5)],
    );
  });

  test('the third retrace for one number warns and names it; np.scalar does not retrace', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const run = jit(function step(x: Tensor, lr: number) {
      return x.mul(lr);
    });
    for (const lr of [0.1, 0.2, 0.3, 0.4, 0.5]) run(ones(), lr);
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn.mock.calls[0]![0]).toBe(
      'jit(step) was traced 4 times because the number args[1] changed (now 0.4); each value is a program of its own. ' +
        'Pass np.scalar(0.4) to make it an input.',
    );
    const traced = jit((x: Tensor, lr: Tensor) => x.mul(lr));
    for (const lr of [0.1, 0.2, 0.3, 0.4, 0.5]) traced(ones(), np.scalar(lr));
    expect(traced.stats()).toMatchObject({ traces: 1, hits: 4 });
  });
});

describe('results', () => {
  test('pytrees, static leaves, an input, one output twice', async () => {
    const f = jit((x: Tensor) => {
      const y = x.add(1);
      return { y, again: y, x, name: 'static', list: [null, undefined, 3, new Map([['k', y]])] as const };
    });
    for (const value of [1, 5]) {
      const x = np.full([2], value);
      const { y, again, x: same, name, list } = f(x);
      await assertAllClose(
        [y, again, same, list[3].get('k')],
        [np.full([2], value + 1), np.full([2], value + 1), x, np.full([2], value + 1)],
      );
      expect([name, list[0], list[1], list[2]]).toEqual(['static', null, undefined, 3]);
    }
  });

  test('an argument’s module and Variable come back as this call’s objects', () => {
    class Box extends Module {
      readonly w: Param = new Param(np.ones([2]));
    }
    const f = jit((box: Box) => ({ box, w: box.w }));
    for (const box of [new Box(), new Box(), new Box()]) {
      const result = f(box);
      expect(result.box).toBe(box);
      expect(result.w).toBe(box.w);
    }
  });
});

describe('the program', () => {
  test('a hit compiles nothing and is one submit; compile() ahead leaves nothing to the first call', async () => {
    const f = jit((x: Tensor) => np.sum(nonlinear(x)));
    const x = ones();
    await f.compile(x);
    wgsl.reset();
    const y = f(x);
    expect(wgsl.counts.compiles).toBe(0);
    expect(wgsl.counts.submits).toBe(1);
    await y.data();
    expect(f.stats()).toMatchObject({ traces: 1, submits: 1 });
  });

  test('captured tensors are inputs: an inline function compiles once over many batches', async () => {
    const run = (x: Tensor): Tensor => vmap((y: Tensor) => y.mul(x).sum())(np.ones([2, 3]));
    await run(ones()).data();
    wgsl.reset();
    await assertAllClose(run(np.array([1, 2, 3])), np.array([6, 6]));
    expect(wgsl.counts.compiles).toBe(0);
  });

  test('donated tensors are consumed', async () => {
    const f = jit((x: Tensor, y: Tensor) => x.add(y), { donate: [0] });
    const [x, y] = [ones().add(0), ones()];
    await assertAllClose(f(x, y), np.full([3], 2));
    expect(x.disposed).toBe(true);
    expect(y.disposed).toBe(false);
    expect(() => x.add(1)).toThrow(HeddleError);
    const twice = ones().add(0);
    expect(() => jit((a: Tensor, b: Tensor) => a.mul(b), { donate: [0, 1] })(twice, twice)).toThrow(/donated twice/);
    await assertAllClose(twice, ones());
  });

  test('nested jit is an equation with its name; vmap of it is the batched function', async () => {
    const inner = jit(function inner(x: Tensor) {
      return x.sin();
    });
    const outer = (x: Tensor): Tensor => inner(x).add(inner(x));
    expect(String(makeJaxpr(outer)(ones())).match(/jit\[\s*name=inner/g)).toHaveLength(2);
    await assertAllClose(vmap(outer)(np.ones([2, 3])), np.sin(np.ones([2, 3])).mul(2));
    await assertAllClose(jit(vmap(jit(outer)))(np.ones([2, 3])), np.sin(np.ones([2, 3])).mul(2));
  });

  test('a closure over a tracer of an outer trace', async () => {
    const f = jit((x: Tensor) => {
      const scaled = x.mul(2);
      const inner = jit((y: Tensor) => y.add(scaled));
      const [, rows] = lax.scan((c: Tensor, r: Tensor) => [c, inner(r).add(c)] as const, scaled, np.stack([x, scaled]));
      return rows;
    });
    await assertAllClose(
      f(ones()),
      np.array([
        [5, 5, 5],
        [6, 6, 6],
      ]),
    );
    await assertAllClose(
      f(np.full([3], 2)),
      np.array([
        [10, 10, 10],
        [12, 12, 12],
      ]),
    );
  });
});

test('operations know the module under which they were traced', () => {
  class Net extends Module {
    readonly layers: readonly nnx.Linear[] = [
      new nnx.Linear(3, 3, { rngs: new nnx.Rngs(0) }),
      new nnx.Linear(3, 3, { rngs: new nnx.Rngs(1) }),
    ];
    readonly bn: nnx.BatchNorm = new nnx.BatchNorm(3, { rngs: new nnx.Rngs(2) });

    forward(x: Tensor): Tensor {
      for (const layer of this.layers) x = layer.forward(x);
      return this.bn.forward(x, { useRunningAverage: true });
    }
  }
  const { jaxpr } = makeJaxpr((net: Net, x: Tensor) => net.forward(x))(new Net(), np.ones([2, 3]));
  const paths = [...new Set(jaxpr.equations.map(({ path }) => path))];
  expect(paths).toEqual(expect.arrayContaining(['layers/0', 'layers/1', 'bn']));
  expect(printJaxpr(jaxpr, { paths: true })).toContain('layers/1');
});

function nonlinear(x: Tensor): Tensor {
  return x.mul(x).add(1).sqrt();
}
