/** Collectives over named axes of vmap. Numbers are what JAX gives, or follow from the definition by arithmetic in the head. */
import { describe, expect, test } from 'vitest';
import { Param, cpu, customVjp, grad, jit, lax, makeJaxpr, np, remat, tree, vmap, withDevice } from '../../src/index.ts';
import type { Tensor } from '../../src/index.ts';
import { assertAllClose } from '../../src/testing/index.ts';
import { evaluate } from '../../compiler/reference/evaluate.ts';
import { fromNumbers } from '../../compiler/reference/arrays.ts';
import { sizeOf } from '../../compiler/shape.ts';
import { PRIMITIVES } from '../../compiler/primitives/index.ts';
import { batchJaxpr } from '../../compiler/transforms/vmap.ts';
import { DERIVATIVE_PASSES } from '../../compiler/transforms/passes.ts';
import { codeOf } from '../support/host.ts';
import { equationJaxpr } from '../support/laws.ts';
import { at, expectSame } from '../support/arrays.ts';

/** On the device `cpu`. */
const on = <T>(f: () => T): T => withDevice(cpu, f);
const mapped = <A extends unknown[], R>(f: (...args: A) => R): ((...args: A) => R) => vmap(f, { axisName: 'i' });

describe('over the axis', () => {
  const xs = (): Tensor => np.array([0, 1, 2]);

  test('x - pmean(x)', async () => {
    await assertAllClose(on(() => mapped((x: Tensor) => x.sub(lax.pmean(x, 'i')))(xs())), [-1, 0, 1]);
  });

  test('psum, pmax, pmin and axisIndex', async () => {
    const f = mapped((x: Tensor) => [lax.psum(x, 'i'), lax.pmax(x, 'i'), lax.pmin(x.add(5), 'i'), lax.axisIndex('i')]);
    const [sum, max, min, index] = on(() => f(xs()));
    await assertAllClose(sum, [3, 3, 3]);
    await assertAllClose(max, [2, 2, 2]);
    await assertAllClose(min, [5, 5, 5]);
    await assertAllClose(index, [0, 1, 2]);
    expect(index!.dtype).toBe('int32');
  });

  test('of what is not mapped', async () => {
    const f = vmap((x: Tensor, y: Tensor) => [lax.psum(y, 'i').add(x), lax.pmax(y, 'i'), lax.psum(1, 'i'), lax.pmean(y, 'i')], {
      axisName: 'i',
      inAxes: [0, null],
    });
    const [sum, max, count, mean] = on(() => f(xs(), np.array(4)));
    await assertAllClose(sum, [12, 13, 14]);
    await assertAllClose(max, [4, 4, 4]);
    await assertAllClose(count, [3, 3, 3]);
    await assertAllClose(mean, [4, 4, 4]);
  });

  test('of integers, bools and trees', async () => {
    const f = mapped((n: Tensor) => lax.psum({ n, positive: np.greater(n, 0), pair: [n, 2] }, 'i'));
    const { n, positive, pair } = on(() => f(np.array([1, -2, 3], { dtype: 'int32' })));
    await assertAllClose(n, [2, 2, 2]);
    await assertAllClose(positive, [2, 2, 2]);
    await assertAllClose(pair[1], [6, 6, 6]);
    expect([n.dtype, positive.dtype]).toEqual(['int32', 'int32']);
    const mean = on(() => mapped((k: Tensor) => lax.pmean(k, 'i'))(np.array([1, 2, 5], { dtype: 'int32' })));
    await assertAllClose(mean, [8 / 3, 8 / 3, 8 / 3]);
  });

  test('a Variable stands for its value', async () => {
    const weight = new Param(np.array([1, 2, 3]));
    const f = mapped((w: Param) => {
      w.value = lax.pmean(w, 'i');
    });
    on(() => f(weight));
    await assertAllClose(weight.value, [2, 2, 2]);
  });

  test('axisSize is a number', () => {
    const sizes: number[] = [];
    on(() => mapped((x: Tensor) => (sizes.push(lax.axisSize('i')), x))(xs()));
    expect(sizes).toEqual([3]);
  });

  test.each([
    [{}, [[[0, 1], [2, 3]]], [2, 2, 2]],
    [{ axis: 1 }, [[[0, 2], [1, 3]]], [2, 2, 2]],
    [{ axis: -1 }, [[[0, 2], [1, 3]]], [2, 2, 2]],
    [{ tiled: true }, [[0, 1, 2, 3]], [2, 4]],
  ])('allGather %o', async (options, [row], shape) => {
    const result = on(() => mapped((x: Tensor) => lax.allGather(x, 'i', options))(np.array([[0, 1], [2, 3]])));
    expect(result.shape).toEqual(shape);
    await assertAllClose(result, [row, row]);
  });

  test('allGather of what is not mapped repeats it', async () => {
    const f = vmap((x: Tensor, y: Tensor) => lax.allGather(y, 'i', { tiled: true }).add(x), { axisName: 'i', inAxes: [0, null] });
    await assertAllClose(on(() => f(np.array([0, 10]), np.array([1, 2]))), [[1, 2, 1, 2], [11, 12, 11, 12]]);
  });
});

describe('inside', () => {
  const deviation = (x: Tensor): Tensor => x.sub(lax.pmean(x, 'i'));
  const xs = (): Tensor => np.array([0, 1, 2]);

  test('jit, whose programs depend on the axes around it', async () => {
    const inner = jit(deviation);
    await assertAllClose(on(() => mapped((x: Tensor) => inner(x))(xs())), [-1, 0, 1]);
    await assertAllClose(on(() => mapped((x: Tensor) => inner(x))(np.array([1, 3]))), [-1, 1]);
    await assertAllClose(on(() => jit(mapped((x: Tensor) => inner(x)))(xs())), [-1, 0, 1]);
    expect(codeOf(() => on(() => inner(np.array(1))))).toBe('AXIS_NAME');
  });

  test('scan, also one that reads nothing mapped', async () => {
    const grown = mapped((x: Tensor) => lax.scan((c: Tensor) => [c.add(lax.psum(c, 'i')), deviation(c)], x, null, { length: 2 }));
    const [carry, ys] = on(() => grown(np.array([1, 2])));
    await assertAllClose(carry, [13, 14]);
    await assertAllClose(ys, [[-0.5, -0.5], [0.5, 0.5]]);
    const counted = mapped((x: Tensor) => {
      const zero = np.array(0, { dtype: 'int32' });
      const [sum] = lax.scan((c: Tensor) => [c.add(lax.axisIndex('i')), null], zero, null, { length: 4 });
      return [x, sum];
    });
    await assertAllClose(on(() => counted(xs()))[1], [0, 4, 8]);
  });

  test('cond, with the predicate mapped or not', async () => {
    const choose = (p: Tensor, x: Tensor): Tensor => lax.cond(p, deviation, (y: Tensor) => lax.psum(y, 'i'), x);
    const one = vmap(choose, { axisName: 'i', inAxes: [null, 0] });
    await assertAllClose(on(() => one(np.array(true), xs())), [-1, 0, 1]);
    await assertAllClose(on(() => one(np.array(false), xs())), [3, 3, 3]);
    await assertAllClose(on(() => mapped(choose)(np.array([true, false, true]), xs())), [-1, 3, 1]);
  });

  test('another vmap: both names, and the inner of two', async () => {
    const both = vmap(
      vmap(
        (x: Tensor) => {
          const sum = lax.psum(x, 'row');
          return [sum, lax.psum(x, 'column'), lax.psum(sum, 'column'), lax.axisIndex('row')];
        },
        { axisName: 'column' },
      ),
      { axisName: 'row' },
    );
    const [rows, columns, all, index] = on(() => both(np.array([[1, 2, 3], [10, 20, 30]])));
    await assertAllClose(rows, [[11, 22, 33], [11, 22, 33]]);
    await assertAllClose(columns, [[6, 6, 6], [60, 60, 60]]);
    await assertAllClose(all, [[66, 66, 66], [66, 66, 66]]);
    await assertAllClose(index, [[0, 0, 0], [1, 1, 1]]);
    const shadowed = mapped(mapped((x: Tensor) => lax.psum(x, 'i')));
    await assertAllClose(on(() => shadowed(np.array([[1, 2, 3], [10, 20, 30]]))), [[6, 6, 6], [60, 60, 60]]);
  });

  test('another vmap: allGather over the outer axis keeps the inner one', async () => {
    const gather = (axis: number) => vmap(vmap((x: Tensor) => lax.allGather(x, 'i', { axis })), { axisName: 'i' });
    const x = np.array([[[1, 2]], [[3, 4]]]);
    await assertAllClose(on(() => gather(0)(x)), [[[[1, 2], [3, 4]]], [[[1, 2], [3, 4]]]]);
    await assertAllClose(on(() => gather(1)(x)), [[[[1, 3], [2, 4]]], [[[1, 3], [2, 4]]]]);
  });
});

/** The transpose of a collective, mapped: cotangents of all places in, cotangents of all places out. */
function pulledBack(name: string, shape: readonly number[], params: object, cotangent: number[]): number[] {
  const primitive = PRIMITIVES.find((row) => row.name === name)!;
  const jaxpr = equationJaxpr(primitive, [{ dtype: 'float32', shape, weak: false }], { axisName: 'i', axisSize: 3, ...params });
  const transposed = DERIVATIVE_PASSES.transpose(jaxpr, [true], [true]).jaxpr;
  const { jaxpr: batched, outAxes } = batchJaxpr(transposed, 3, [0], [0], 'i');
  expect(outAxes).toEqual([0]);
  const [result] = evaluate(batched, [fromNumbers('float32', batched.inputs[0]!.aval.shape, cotangent)]);
  return [...result!.data];
}

describe('over another axis a collective is a loop', () => {
  const collectives = PRIMITIVES.filter(({ samples }) => samples.some(({ inputs, params }) => inputs.length > 0 && 'axisName' in params));
  test.each(collectives.map((primitive) => [primitive.name, primitive] as const))('%s', (_, primitive) => {
    expect(collectives.map(({ name }) => name)).toEqual(['psum', 'pmax', 'pmin', 'all_gather']);
    for (const { inputs: [operand], params } of primitive.samples) {
      const jaxpr = equationJaxpr(primitive, [operand!], params);
      const one = batchJaxpr(jaxpr, 3, [0], [0], 'i').jaxpr;
      for (let axis = 0; axis <= operand!.shape.length; axis++) {
        const both = batchJaxpr(batchJaxpr(jaxpr, 2, [axis], [0]).jaxpr, 3, [0], [0], 'i').jaxpr;
        const { dtype, shape } = both.inputs[0]!.aval;
        const x = fromNumbers(dtype, shape, Array.from({ length: sizeOf(shape) }, (_value, i) => (7 * i) % 11));
        const [rows] = evaluate(both, [x]);
        for (const row of [0, 1]) expectSame(at(rows!, 1, row), evaluate(one, [at(x, axis + 1, row)])[0]!);
      }
    }
  });
});

describe('derivatives', () => {
  test('psum transposes to psum, as in JAX', () => {
    expect(pulledBack('psum', [], {}, [1, 1, 1])).toEqual([3, 3, 3]);
    expect(pulledBack('psum', [2], {}, [1, 2, 3, 4, 5, 6])).toEqual([9, 12, 9, 12, 9, 12]);
  });

  test('all_gather transposes to the sum of what each place was sent', () => {
    const stacked = { allGatherDimension: 0, tiled: false };
    expect(pulledBack('all_gather', [], stacked, [1, 2, 3, 10, 20, 30, 100, 200, 300])).toEqual([111, 222, 333]);
    const tiled = { allGatherDimension: 0, tiled: true };
    expect(pulledBack('all_gather', [1], tiled, [1, 2, 3, 10, 20, 30, 100, 200, 300])).toEqual([111, 222, 333]);
  });

  test('places that share a maximum share its tangent', () => {
    const primitive = PRIMITIVES.find((row) => row.name === 'pmax')!;
    const jaxpr = equationJaxpr(primitive, [{ dtype: 'float32', shape: [], weak: false }], { axisName: 'i', axisSize: 3 });
    const { jaxpr: batched } = batchJaxpr(DERIVATIVE_PASSES.jvp(jaxpr, [true]).jaxpr, 3, [0, 0], [0, 0], 'i');
    const [, tangent] = evaluate(batched, [fromNumbers('float32', [3], [2, 5, 5]), fromNumbers('float32', [3], [100, 1, 3])]);
    expectSame(tangent!, fromNumbers('float32', [3], [2, 2, 2]));
  });
});

test('a collective that no vmap resolved cannot be computed', () => {
  const { jaxpr } = makeInner();
  expect(() => evaluate(jaxpr, [fromNumbers('float32', [], [1])])).toThrow(
    '[INTERNAL] psum: no axis i was mapped before it was to be computed',
  );
});

/** The jaxpr of a function inside the vmap that names the axis. */
function makeInner(): ReturnType<ReturnType<typeof makeJaxpr>> {
  const seen: ReturnType<ReturnType<typeof makeJaxpr>>[] = [];
  const f = mapped((x: Tensor) => {
    seen.push(makeJaxpr((y: Tensor) => lax.psum(y, 'i'))(x));
    return x;
  });
  on(() => f(np.array([1, 2])));
  expect(seen[0]!.toString()).toBe('{ lambda ; a:f32[]. let b:f32[] = psum[axis_name=i axis_size=2] a in (b,) }');
  return seen[0]!;
}

test('pmean of a tree of gradients', async () => {
  const grads = { w: np.array([[1, 2], [3, 4]]), b: np.array([5, 7]) };
  const averaged = on(() => mapped((g: typeof grads) => lax.pmean(g, 'i'))(grads));
  expect(tree.shapes(averaged)).toEqual({ w: [2, 2], b: [2] });
  await assertAllClose(averaged.w, [[2, 3], [2, 3]]);
  await assertAllClose(averaged.b, [6, 6]);
});

describe('under derivatives, inside vmap and around it', () => {
  const xs = (): Tensor => np.array([1, 2, 3]);

  test('grad inside: every place has the cotangents of all', async () => {
    await assertAllClose(on(() => mapped(grad((x: Tensor) => lax.psum(x.mul(x), 'i')))(xs())), [6, 12, 18]);
    await assertAllClose(on(() => mapped(grad((x: Tensor) => x.mul(lax.pmean(x, 'i'))))(xs())), [4, 4, 4]);
    await assertAllClose(on(() => mapped(grad((x: Tensor) => np.sum(lax.allGather(x.mul(x), 'i'))))(xs())), [6, 12, 18]);
    await assertAllClose(on(() => mapped(grad((x: Tensor) => lax.pmax(x, 'i')))(np.array([1, 3, 3]))), [0, 1.5, 1.5]);
  });

  test('grad around: the derivative of the sum over all places', async () => {
    const loss = (x: Tensor): Tensor => np.sum(mapped((e: Tensor) => e.mul(lax.psum(e, 'i')))(x));
    await assertAllClose(on(() => grad(loss)(xs())), [12, 12, 12]);
  });

  test('in a scan that is differentiated, in both orders', async () => {
    const walk = (x: Tensor): Tensor => lax.scan((c: Tensor) => [c.add(lax.pmean(c, 'i')), null], x, null, { length: 2 })[0];
    await assertAllClose(on(() => mapped(grad(walk))(xs())), [4, 4, 4]);
    await assertAllClose(on(() => grad((x: Tensor) => np.sum(mapped(walk)(x)))(xs())), [4, 4, 4]);
  });

  test('in remat and in custom rules', async () => {
    const f = (x: Tensor): Tensor => np.sin(lax.psum(x, 'i'));
    const cosine = 3 * Math.cos(6);
    await assertAllClose(on(() => mapped(grad(remat(f)))(xs())), [cosine, cosine, cosine]);
    const doubled = customVjp(
      (x: Tensor) => lax.psum(x, 'i'),
      (x: Tensor) => [lax.psum(x, 'i'), null] as const,
      (_: null, g: Tensor) => [lax.pmean(g, 'i').mul(10)],
    );
    await assertAllClose(on(() => mapped(grad((x: Tensor) => doubled(x)))(xs())), [10, 10, 10]);
    await assertAllClose(on(() => grad((x: Tensor) => np.sum(mapped(doubled)(x)))(xs())), [10, 10, 10]);
  });
});

test('in whileLoop, whose condition may depend on a collective', async () => {
  const grow = mapped((x: Tensor) =>
    lax.whileLoop((c: Tensor) => np.less(lax.psum(c, 'i'), 20), (c: Tensor) => c.mul(2), x),
  );
  await assertAllClose(on(() => grow(np.array([1, 2, 3]))), [4, 8, 12]);
});
