/** Other shapes for the same elements. Axes may be negative: then they count from the end. */
import { broadcastShapes as broadcastTogether, fittingShapes, sameShape, showShape, sizeOf, spread } from '../../compiler/shape.ts';
import type { Shape } from '../../compiler/shape.ts';
import * as lax from '../lax/index.ts';
import { located, tensorOf } from '../trace/bind.ts';
import type { Operand } from '../trace/bind.ts';
import type { Tensor } from '../trace/tensor.ts';
import { axesOf, axisOf, broadcastAtom, fail } from './operands.ts';
import type { Axes } from './operands.ts';
import { reduceOptions } from './reduce.ts';

/** The shape of x, as an array. jax.numpy.shape. */
export function shape(x: Operand): readonly number[] {
  return tensorOf(x).shape;
}

/** The elements, row-major, in another shape; one extent may be -1: what the size leaves. jax.numpy.reshape. @throws SHAPE */
export function reshape(x: Operand, newShape: number | readonly number[]): Tensor {
  const tensor = tensorOf(x);
  const wanted = typeof newShape === 'number' ? [newShape] : newShape;
  const known = sizeOf(wanted.filter((extent) => extent !== -1));
  const resolved = wanted.map((extent) => (extent === -1 ? tensor.size / known : extent));
  const isShape = resolved.every((extent) => Number.isInteger(extent) && extent >= 0);
  if (!isShape || wanted.filter((extent) => extent === -1).length > 1 || sizeOf(resolved) !== tensor.size) {
    const elements = `the ${tensor.size} elements of shape ${showShape(tensor.shape)}`;
    fail('SHAPE', `np.reshape: ${elements} do not fill shape ${showShape(wanted)}`, `np.reshape(x, [${tensor.size}])`);
  }
  return sameShape(resolved, tensor.shape) ? tensor : lax.reshape(tensor, resolved);
}

/** The elements, row-major, along one axis: shape [size]. jax.numpy.ravel. */
export function ravel(x: Operand): Tensor {
  return reshape(x, -1);
}

/** Axis i of the result is axis `axes[i]` of x; without `axes` they are reversed. jax.numpy.transpose. @throws AXIS */
export function transpose(x: Operand, axes?: readonly number[]): Tensor {
  const tensor = tensorOf(x);
  const wanted = [axes ?? tensor.shape.map((_, axis) => tensor.ndim - 1 - axis)].flat();
  const fix = `np.transpose(x, ${showShape(tensor.shape.map((_, axis) => axis))})`;
  const permutation = wanted.map((axis) => axisOf('np.transpose', axis, tensor.ndim, () => fix));
  if (permutation.length !== tensor.ndim || new Set(permutation).size !== tensor.ndim) {
    const problem = `np.transpose: ${showShape(wanted)} does not name each axis of shape ${showShape(tensor.shape)} once`;
    fail('AXIS', problem, fix);
  }
  return permutation.every((axis, i) => axis === i) ? tensor : lax.transpose(tensor, permutation);
}

/** The last two axes exchanged. jax.numpy.matrix_transpose. @throws AXIS when x has fewer than two. */
export function matrixTranspose(x: Operand): Tensor {
  return swapaxes(x, -2, -1);
}

/** Two axes exchanged. jax.numpy.swapaxes. @throws AXIS */
export function swapaxes(x: Operand, axis1: number, axis2: number): Tensor {
  const tensor = tensorOf(x);
  const [first, second] = [axis1, axis2].map((axis) => axisOf('np.swapaxes', axis, tensor.ndim, () => 'np.swapaxes(x, 0, -1)')) as [number, number];
  return transpose(tensor, tensor.shape.map((_, axis) => (axis === first ? second : axis === second ? first : axis)));
}

/** The axes `source` moved to the places `destination`; the others keep their order. jax.numpy.moveaxis. @throws AXIS */
export function moveaxis(x: Operand, source: number | readonly number[], destination: number | readonly number[]): Tensor {
  const tensor = tensorOf(x);
  const resolve = (axes: number | readonly number[]): number[] =>
    [axes].flat().map((axis: number) => axisOf('np.moveaxis', axis, tensor.ndim, () => 'np.moveaxis(x, 0, -1)'));
  const [from, to] = [resolve(source), resolve(destination)];
  if (from.length !== to.length || new Set(from).size !== from.length || new Set(to).size !== to.length) {
    fail('AXIS', `np.moveaxis: cannot move axes ${showShape(from)} to ${showShape(to)}`, 'np.moveaxis(x, [0, 1], [-1, -2])');
  }
  const order = tensor.shape.map((_, axis) => axis).filter((axis) => !from.includes(axis));
  const moves = to.map((place, i) => ({ place, axis: from[i] ?? 0 })).sort((a, b) => a.place - b.place);
  for (const { place, axis } of moves) order.splice(place, 0, axis);
  return transpose(tensor, order);
}

/**
 * Without axes of extent 1: all of them, or those named. jax.numpy.squeeze. @throws AXIS; SHAPE for a named axis of another
 * extent.
 */
export function squeeze(x: Operand, axis?: Axes | { readonly axis?: Axes }): Tensor {
  const tensor = tensorOf(x);
  const named = reduceOptions<{ axis: Axes }>('np.squeeze', axis, { axis: null }).axis;
  const axes = axesOf('np.squeeze', named, tensor.ndim).filter((i) => named !== null || tensor.shape[i] === 1);
  const wide = axes.find((i) => tensor.shape[i] !== 1);
  if (wide !== undefined) {
    const problem = `np.squeeze: axis ${wide} of shape ${showShape(tensor.shape)} has extent ${tensor.shape[wide]}, not 1`;
    fail('SHAPE', problem, 'np.squeeze(x)');
  }
  return axes.length === 0 ? tensor : lax.squeeze(tensor, axes);
}

/** With axes of extent 1 put in, so that they are the axes `axis` of the result. jax.numpy.expand_dims. @throws AXIS */
export function expandDims(x: Operand, axis: number | readonly number[]): Tensor {
  const tensor = tensorOf(x);
  const count = typeof axis === 'number' ? 1 : axis.length;
  return lax.expandDims(tensor, axesOf('np.expandDims', axis, tensor.ndim + count, (fitting) => `np.expandDims(x, ${fitting})`));
}

/** x repeated to `newShape` by NumPy's rules. jax.numpy.broadcast_to. @throws SHAPE */
export function broadcastTo(x: Operand, newShape: readonly number[]): Tensor {
  const tensor = tensorOf(x);
  const spreadOut = spread(tensor.shape, newShape);
  const reshaped = spreadOut === undefined ? 'x' : `x.reshape(${showShape(spreadOut)})`;
  const fix = `np.broadcastTo(${reshaped}, ${showShape(spreadOut === undefined ? tensor.shape : newShape)})`;
  const together = located(() => broadcastTogether([tensor.shape, newShape], 'np.broadcastTo', () => fix));
  if (!sameShape(together, newShape)) {
    const problem = `np.broadcastTo: shape ${showShape(tensor.shape)} does not broadcast to ${showShape(newShape)}`;
    fail('SHAPE', problem, `np.broadcastTo(x, ${showShape(together)})`);
  }
  return broadcastAtom(tensor, newShape);
}

/** Tensors repeated to the shape that they broadcast to together. jax.numpy.broadcast_arrays. @throws SHAPE */
export function broadcastArrays(...xs: readonly Operand[]): Tensor[] {
  const tensors = xs.map(tensorOf);
  const together = broadcastShapes(...tensors.map((tensor) => tensor.shape));
  return tensors.map((tensor) => broadcastAtom(tensor, together));
}

/** The shape that shapes broadcast to together. jax.numpy.broadcast_shapes. @throws SHAPE */
export function broadcastShapes(...shapes: readonly Shape[]): number[] {
  const fix = (unfit: readonly Shape[]): string => `np.broadcastShapes(${fittingShapes(unfit).map(showShape).join(', ')})`;
  return located(() => broadcastTogether(shapes, 'np.broadcastShapes', fix));
}

/** x, with a leading axis of extent 1 if it is a scalar. jax.numpy.atleast_1d. */
export function atleast1d(x: Operand): Tensor {
  const tensor = tensorOf(x);
  return tensor.ndim === 0 ? reshape(tensor, [1]) : tensor;
}

/** x, with leading axes of extent 1 up to two axes. jax.numpy.atleast_2d. */
export function atleast2d(x: Operand): Tensor {
  const tensor = tensorOf(x);
  return tensor.ndim < 2 ? reshape(tensor, [1, tensor.size]) : tensor;
}
