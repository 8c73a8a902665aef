/** debug.print in and out of programs, on `cpu`. */
import { describe, expect, test } from 'vitest';
import {
  Module, Param, cpu, customVjp, debug, grad, inspect, jit, lax, makeJaxpr, np, remat, valueAndGrad, vmap, withDevice,
} from '../../src/index.ts';
import type { Tensor } from '../../src/index.ts';
import { assertAllClose } from '../../src/testing/index.ts';
import { codeOf } from '../support/host.ts';
import { usePrintedLines } from '../support/lines.ts';

const printed = usePrintedLines();
const on = <T>(f: () => T): (() => T) => () => withDevice(cpu, f);

describe('formats', () => {
  test.each([
    ['{} and {}', [np.array([1, 2.5]), 7], '[1, 2.5] and 7'],
    ['{x}, {y}, {x}', [{ x: np.array(true), y: 'text' }], 'true, text, true'],
    ['{{}} {}', [np.array([[0.1], [-0]])], '{} [[0.1], [-0]]'],
    ['nothing', [], 'nothing'],
    ['{}', ['{}'], '{}'],
    ['{} {}', [null, new Float32Array([NaN, Infinity])], 'null [NaN, Infinity]'],
    ['{}', [new Param(3)], '3'],
  ])('%s', async (format, values, expected) => {
    expect(await printed(() => debug.print(format, ...(values as never[])))).toEqual([expected]);
    expect(await printed(on(() => jit(() => debug.print(format, ...(values as never[])))()))).toEqual([expected]);
  });

  test('large tensors show the ends of their axes', async () => {
    const [line] = await printed(on(() => debug.print('{}', np.arange(1200).reshape([2, 600]))));
    expect(line).toBe('[[0, 1, 2, ..., 597, 598, 599], [600, 601, 602, ..., 1197, 1198, 1199]]');
  });

  test('that do not fit their values', () => {
    expect(codeOf(() => debug.print('{} {}', 1))).toBe('VALUE');
    expect(codeOf(() => debug.print('{}', 1, 2))).toBe('VALUE');
    expect(codeOf(() => debug.print('{y}', { x: 1 }))).toBe('VALUE');
    expect(codeOf(() => debug.print('{', 1))).toBe('VALUE');
    expect(codeOf(() => debug.print('{}', {} as never))).toBe('VALUE');
    expect(codeOf(() => debug.print('{} {}', 1, {} as never))).toBe('PYTREE');
  });
});

describe('inside', () => {
  const xs = (): Tensor => np.array([1, 2, 3]);

  test('jit: at every call, in the order of the program', async () => {
    const f = jit((x: Tensor) => {
      debug.print('x = {}', x);
      const y = x.mul(2);
      debug.print('y = {}', y);
      return y;
    });
    const lines = ['x = [1, 2, 3]', 'y = [2, 4, 6]'];
    expect(await printed(on(() => [f(xs()), f(xs())]))).toEqual([...lines, ...lines]);
  });

  test('nested jit, whose results nobody reads', async () => {
    const inner = jit((x: Tensor) => (debug.print('inner {}', x), x.mul(0)));
    expect(await printed(on(() => jit((x: Tensor) => (inner(x), x))(np.array(4))))).toEqual(['inner 4']);
  });

  test('scan: at every step, forwards and in reverse, nested', async () => {
    const body = (c: Tensor, x: Tensor): [Tensor, null] => {
      debug.print('{c} + {x}', { c, x });
      return [c.add(x), null];
    };
    expect(await printed(on(() => lax.scan(body, np.array(0), xs())))).toEqual(['0 + 1', '1 + 2', '3 + 3']);
    expect(await printed(on(() => lax.scan(body, np.array(0), xs(), { reverse: true })))).toEqual(['0 + 3', '3 + 2', '5 + 1']);
    const twice = (c: Tensor, k: Tensor): [Tensor, null] => {
      debug.print('row {}', k);
      return [lax.scan(body, c, np.array([10, 20]))[0], null];
    };
    expect(await printed(on(() => lax.scan(twice, np.array(0), np.arange(2))))).toEqual([
      'row 0', '0 + 10', '10 + 20', 'row 1', '30 + 10', '40 + 20',
    ]);
    expect(await printed(on(() => lax.scan(body, np.array(0), np.zeros([0]))))).toEqual([]);
  });

  test('unrolled scans, and map in chunks', async () => {
    const body = (c: Tensor, x: Tensor): [Tensor, null] => (debug.print('{} {}', c, x), [c.add(x), null]);
    for (const unroll of [2, 3, true] as const) {
      for (const [reverse, lines] of [[false, ['0 1', '1 2', '3 3']], [true, ['0 3', '3 2', '5 1']]] as const) {
        expect(await printed(on(() => lax.scan(body, np.array(0), xs(), { unroll, reverse })))).toEqual(lines);
      }
    }
    const show = (x: Tensor): Tensor => (debug.print('{}', x), x);
    expect(await printed(on(() => lax.map(show, xs(), { batchSize: 2 })))).toEqual(['1', '2', '3']);
  });

  test('foriLoop with numbers as bounds; of other loops it is an error', async () => {
    const body = (i: Tensor, x: Tensor): Tensor => (debug.print('{} {}', i, x), x.mul(2));
    expect(await printed(on(() => lax.foriLoop(0, 3, body, np.array(1))))).toEqual(['0 1', '1 2', '2 4']);
    const loop = (): Tensor => lax.whileLoop((x: Tensor) => np.less(x, 9), (x: Tensor) => body(x, x), np.array(1));
    expect(codeOf(on(loop))).toBe('UNSUPPORTED');
    const choose = (x: Tensor): Tensor => lax.cond(np.greater(x, 1), loop, () => np.array(0));
    expect(codeOf(on(() => vmap(choose)(xs())))).toBe('UNSUPPORTED');
  });

  test('cond: in the branch that is taken, also in every step of a scan', async () => {
    const choose = (x: Tensor): Tensor =>
      lax.cond(
        np.greater(x, 1),
        (y: Tensor) => (debug.print('big {}', y), y),
        (y: Tensor) => (debug.print('small {}', y), y.neg()),
        x,
      );
    expect(await printed(on(() => choose(np.array(5))))).toEqual(['big 5']);
    expect(await printed(on(() => jit(choose)(np.array(0))))).toEqual(['small 0']);
    const steps = await printed(on(() => lax.scan((c: null, x: Tensor) => [c, choose(x)], null, np.array([0, 2, 1]))));
    expect(steps).toEqual(['small 0', 'big 2', 'small 1']);
  });

  test('cond whose branches print constants, and nothing else', async () => {
    const choose = (p: Tensor): Tensor => lax.cond(p, () => (debug.print('yes'), np.array(1)), () => np.array(1));
    expect(await printed(on(() => [choose(np.array(true)), choose(np.array(false))]))).toEqual(['yes']);
  });

  test('vmap: for every element, mapped operands or not, nested', async () => {
    const f = vmap((x: Tensor, y: Tensor) => (debug.print('{} {}', x, y), x.add(y)), { inAxes: [0, null] });
    expect(await printed(on(() => f(np.array([1, 2]), np.array(7))))).toEqual(['1 7', '2 7']);
    const nested = vmap(f, { inAxes: [null, 0] });
    expect(await printed(on(() => nested(np.array([1, 2]), np.array([7, 8]))))).toEqual(['1 7', '2 7', '1 8', '2 8']);
    const body = (c: Tensor, k: Tensor): [Tensor, null] => (debug.print('{} {}', c, k), [c.add(k), null]);
    const inScan = vmap((x: Tensor) => lax.scan(body, x, xs()));
    expect(await printed(on(() => inScan(np.array([0, 10]))))).toEqual(['0 1', '10 1', '1 2', '11 2', '3 3', '13 3']);
  });

  test('vmap of cond with a mapped predicate: in the branch of each element', async () => {
    const inner = jit((y: Tensor) => (debug.print('big {}', y), y));
    const choose = (x: Tensor): Tensor =>
      lax.cond(
        np.greater(x, 1),
        (y: Tensor) => lax.scan((c: Tensor) => [inner(c), null], y, null, { length: 2 })[0],
        (y: Tensor) => (debug.print('small {}', y), y),
        x,
      );
    const lines = await printed(on(() => vmap(choose)(np.array([0, 2, 1, 3]))));
    expect(lines).toEqual(['small 0', 'small 1', 'big 2', 'big 3', 'big 2', 'big 3']);
  });

  test('grad: once, in the forward pass, also in a scan', async () => {
    const f = (x: Tensor): Tensor => (debug.print('x = {}', x), np.sin(x));
    expect(await printed(on(() => grad(f)(np.array(0.5))))).toEqual(['x = 0.5']);
    const loss = (x: Tensor): Tensor => lax.scan((c: Tensor, k: Tensor) => [f(c.mul(k)), null], x, np.array([1, 2]))[0];
    const [value] = on(() => valueAndGrad(loss)(np.array(0)))();
    await assertAllClose(value, 0);
    expect(await printed(on(() => jit(valueAndGrad(loss))(np.array(0))))).toEqual(['x = 0', 'x = 0']);
  });

  test('a module, whose state is threaded as before', async () => {
    class Counter extends Module {
      count = new Param(0);
      forward(x: Tensor): Tensor {
        this.count.value = this.count.value.add(1);
        debug.print('count {}', this.count);
        return x;
      }
    }
    const counter = new Counter();
    const twice = jit((m: Counter, x: Tensor) => m.forward(m.forward(x)));
    expect(await printed(on(() => twice(counter, np.array(0))))).toEqual(['count 1', 'count 2']);
    await assertAllClose(counter.count.value, 2);
  });
});

test('what is printed eagerly and by programs comes in the order of the calls', async () => {
  const f = jit((x: Tensor) => (debug.print('program {}', x), x));
  const lines = await printed(on(() => {
    debug.print('first');
    f(np.array(2));
    debug.print('third {}', np.array(3));
  }));
  expect(lines).toEqual(['first', 'program 2', 'third 3']);
});

test('the jaxpr shows it, tracing alone prints nothing, and it compiles without', async () => {
  const f = (x: Tensor): Tensor => (debug.print('x = {}', x), x.mul(2));
  const lines = await printed(() => {
    expect(String(makeJaxpr(f)(np.array(1)))).toBe(
      [
        '{ lambda ; a:f32[]. let',
        '    debug_print[format="x = {0}" mapped=()] True:bool[] a',
        '    b:f32[] = mul a 2.0:f32[]',
        '  in (b,) }',
      ].join('\n'),
    );
    const { optimized, passes } = inspect(f)(np.array(1));
    expect(optimized).not.toContain('debug_print');
    expect(passes[0]!.name).toBe('effects');
  });
  expect(lines).toEqual([]);
});

test('remat and custom rules: once, where it stands', async () => {
  const body = (x: Tensor): Tensor => (debug.print('f {}', x), np.sin(np.sin(x)));
  expect(await printed(on(() => grad(remat(body))(np.array(0.5))))).toEqual(['f 0.5']);
  const inScan = (x: Tensor): Tensor =>
    lax.scan((c: Tensor) => [body(c.mul(0)), null], x, null, { length: 2, checkpoint: true })[0];
  expect(await printed(on(() => grad(inScan)(np.array(0.5))))).toEqual(['f 0', 'f 0']);
  const ruled = customVjp(
    body,
    (x: Tensor) => (debug.print('fwd {}', x), [x.mul(2), null] as const),
    (_: null, g: Tensor) => (debug.print('bwd {}', g), [g.mul(2)]),
  );
  expect(await printed(on(() => ruled(np.array(1))))).toEqual(['f 1']);
  expect(await printed(on(() => grad(ruled)(np.array(1))))).toEqual(['fwd 1', 'bwd 1']);
  const chosen = vmap((x: Tensor) => lax.cond(np.greater(x, 1), ruled, (y: Tensor) => y, x));
  expect(await printed(on(() => chosen(np.array([1, 2]))))).toEqual(['f 2']);
  expect(await printed(on(() => grad((x: Tensor) => np.sum(chosen(x)))(np.array([1, 2]))))).toContain('fwd 2');
});
