/** Where vmap puts the mapped axis of a result. */
import { expect, test } from 'vitest';
import { evalShape, np, vmap } from '../../src/index.ts';
import type { Tensor } from '../../src/index.ts';

const identity = (outAxes: number): string => String(evalShape(vmap((x: Tensor) => x, { outAxes }), np.zeros([2, 3, 4])));

test('outAxes counts the axes of the result, negative ones from its end', () => {
  expect([0, 1, 2, -1, -2, -3].map(identity)).toEqual([
    'float32[2,3,4]', 'float32[3,2,4]', 'float32[3,4,2]', 'float32[3,4,2]', 'float32[3,2,4]', 'float32[2,3,4]',
  ]);
});

test.each([3, -4, 0.5, NaN])('outAxes %d of a result of rank 2', (outAxes) => {
  expect(() => identity(outAxes)).toThrow(`[VMAP_AXIS] vmap(anonymous): output is f32[3,4] before it is mapped, and has no place ${outAxes}`);
});

test.each([-1, 1.5])('axisSize %d', (axisSize) => {
  const f = vmap((x: Tensor) => x, { inAxes: null, axisSize });
  expect(() => evalShape(f, np.zeros([2]))).toThrow(`[VMAP_AXIS] vmap(anonymous): axisSize is ${axisSize}`);
});
