/**
 * Collectives: operations across a mapped axis that `vmap(f, { axisName })` gave a name. Each throws AXIS_NAME where no vmap
 * around it binds the name; of two of one name the inner one counts. Trees are taken leaf by leaf.
 */
import { isFloat } from '../../compiler/dtype.ts';
import type { Literal, Params } from '../../compiler/ir/jaxpr.ts';
import type { Traced } from '../control/traced.ts';
import { readOptions } from '../options.ts';
import { apply, cast, located, operandOf } from '../trace/bind.ts';
import type { Operand } from '../trace/bind.ts';
import { describeValue } from '../trace/literal.ts';
import { Tensor } from '../trace/tensor.ts';
import { namedAxes } from '../trace/trace.ts';
import type { NamedAxis } from '../trace/trace.ts';
import { userError } from '../trace/user-error.ts';
import { Variable } from '../trace/variable.ts';
import { flatten, unflatten } from '../tree.ts';

/** The tree with tensors in place of its numbers; a Variable alone stands for its value. */
export type Collected<T> = T extends Variable ? Tensor : Traced<T>;

type Leaf = Tensor | Literal;

/** The sum over the axis, in every place of it; bools count as int32. Its derivative is the psum of cotangents. jax.lax.psum. */
export function psum<const T>(x: T, axisName: string): Collected<T> {
  return across('psum', x, axisName, (leaf, axis) => sum(leaf, axis));
}

/** The mean over the axis, in every place of it; of integers as float32. jax.lax.pmean. */
export function pmean<const T>(x: T, axisName: string): Collected<T> {
  return across('pmean', x, axisName, (leaf, axis) => {
    const floats = isFloat(leaf.aval.dtype) ? leaf : cast(leaf, 'float32', leaf.aval.weak);
    const total = sum(floats, axis);
    return apply('div', [total, cast(operandOf(axis.size), total.dtype, total.aval.weak)]);
  });
}

/** The largest value along the axis, in every place of it; NaN wins. Places that share it share its tangent. jax.lax.pmax. */
export function pmax<const T>(x: T, axisName: string): Collected<T> {
  return across('pmax', x, axisName, (leaf, axis) => apply('pmax', [leaf], paramsOf(axis)));
}

/** The smallest value along the axis, in every place of it; NaN wins. Places that share it share its tangent. jax.lax.pmin. */
export function pmin<const T>(x: T, axisName: string): Collected<T> {
  return across('pmin', x, axisName, (leaf, axis) => apply('pmin', [leaf], paramsOf(axis)));
}

export interface AllGatherOptions {
  /** Where the gathered axis goes in the result; negative counts from the end. Default 0. */
  readonly axis?: number;
  /** Puts the values one after another along the existing `axis` instead of making a new one. */
  readonly tiled?: boolean;
}

/**
 * The values of all places of the axis, stacked on a new axis, in every place of it. jax.lax.all_gather.
 *
 * @throws AXIS for an axis that the result does not have.
 */
export function allGather<const T>(x: T, axisName: string, options: AllGatherOptions = {}): Collected<T> {
  const { axis, tiled } = readOptions<Required<AllGatherOptions>>('lax.allGather', options, { axis: 0, tiled: false });
  return across('allGather', x, axisName, (leaf, named) => {
    const rank = leaf.aval.shape.length + (tiled ? 0 : 1);
    const allGatherDimension = axis < 0 ? axis + rank : axis;
    return apply('all_gather', [leaf], { ...paramsOf(named), allGatherDimension, tiled });
  });
}

/** The int32 position along the axis. jax.lax.axis_index. */
export function axisIndex(axisName: string): Tensor {
  return located(() => apply('axis_index', [], paramsOf(boundAxis('axisIndex', axisName))));
}

/** The number of places along the axis, a JavaScript number. jax.lax.axis_size. */
export function axisSize(axisName: string): number {
  return boundAxis('axisSize', axisName).size;
}

function sum(leaf: Leaf, axis: NamedAxis): Tensor {
  const numbers = leaf.aval.dtype === 'bool' ? cast(leaf, 'int32') : leaf;
  return apply('psum', [numbers], paramsOf(axis));
}

function paramsOf({ name, size }: NamedAxis): Params {
  return { axisName: name, axisSize: size };
}

/** `f` of every leaf of the tree; leaves that are no tensors stay as they are. */
function across<T>(call: string, x: T, axisName: string, f: (leaf: Leaf, axis: NamedAxis) => Tensor): Collected<T> {
  return located(() => {
    const axis = boundAxis(call, axisName);
    const { leaves, treedef } = flatten(x);
    const results = leaves.map((leaf): unknown => {
      if (!isOperand(leaf)) return leaf;
      const result = f(operandOf(leaf), axis);
      return leaf instanceof Variable && leaf !== (x as unknown) ? leaf.with(result) : result;
    });
    return unflatten(treedef, results) as Collected<T>;
  });
}

function isOperand(leaf: unknown): leaf is Operand {
  const isNumber = typeof leaf === 'number' || typeof leaf === 'boolean';
  return isNumber || leaf instanceof Tensor || leaf instanceof Variable || ArrayBuffer.isView(leaf);
}

/** The innermost mapped axis of this name. @throws AXIS_NAME when there is none. */
function boundAxis(call: string, axisName: unknown): NamedAxis {
  const axes = namedAxes();
  const found = axes.find(({ name }) => name === axisName);
  if (found !== undefined) return found;
  const bound = axes.map(({ name, size }) => `${name} (${size})`).join(', ');
  const wanted = typeof axisName === 'string' ? `'${axisName}'` : describeValue(axisName);
  const others = bound === '' ? 'none has a name' : `there are ${bound}`;
  throw userError('AXIS_NAME', `lax.${call}: no mapped axis is called ${wanted} here; ${others}`, {
    fix: `vmap(f, { axisName: ${typeof axisName === 'string' ? `'${axisName}'` : "'batch'"} })`,
  });
}
