/** LinearGeneral: a product over any axes, to any shape of features. */
import type { DType } from '../../../compiler/dtype.ts';
import { sizeOf } from '../../../compiler/shape.ts';
import * as lax from '../../lax/index.ts';
import { axesOf, fail } from '../../numpy/operands.ts';
import { tensorOf } from '../../trace/bind.ts';
import type { Operand } from '../../trace/bind.ts';
import type { Tensor } from '../../trace/tensor.ts';
import type { Initializer } from '../initializers.ts';
import { Module } from '../module.ts';
import { Param } from '../variables.ts';
import { promoteDtype } from './dtypes.ts';
import { checkFeatures, constructorOptions, listOf, nameOf } from './layer.ts';
import { LINEAR_DEFAULTS } from './linear.ts';
import type { LinearOptions } from './linear.ts';

export interface LinearGeneralOptions extends LinearOptions {
  /** The axes of the input that hold its features, ascending; default -1. */
  readonly axis?: number | readonly number[];
  /** Leading axes of the input with a kernel of their own for each index, and their extents: `{ 0: 8 }`. Default none. */
  readonly batchAxis?: Readonly<Record<number, number>>;
}

const DEFAULTS: Required<Omit<LinearGeneralOptions, 'rngs'>> = { ...LINEAR_DEFAULTS, axis: -1, batchAxis: {} };

/**
 * The sum of products over `axis`, plus bias: the result has the batch axes, the other axes of the input, then the output
 * features. The kernel is drawn as a matrix of all inputs by all outputs, and reshaped. flax.nnx.LinearGeneral.
 */
export class LinearGeneral extends Module {
  readonly inFeatures: readonly number[];
  readonly outFeatures: readonly number[];
  readonly axis: readonly number[];
  readonly batchAxis: Readonly<Record<number, number>>;
  readonly dtype: DType | null;
  /** [...batch, ...inFeatures, ...outFeatures]. */
  readonly kernel: Param;
  /** [...batch, ...outFeatures]. */
  readonly bias: Param | null;

  /** @throws AXIS unless every number of input features has an axis, and batch axes lead; RNG and VALUE as `Linear`. */
  constructor(inFeatures: number | readonly number[], outFeatures: number | readonly number[], options: LinearGeneralOptions) {
    super();
    const { axis, batchAxis, ...choices } = constructorOptions('LinearGeneral', options, DEFAULTS);
    const { useBias, kernelInit, biasInit, dtype, paramDtype } = choices;
    this.inFeatures = listOf(inFeatures);
    this.outFeatures = listOf(outFeatures);
    this.axis = listOf(axis);
    this.batchAxis = batchAxis;
    this.dtype = dtype;
    checkAxes(this);
    const batch = Object.values(batchAxis);
    const param = (init: Initializer, ...parts: readonly (readonly number[])[]): Param =>
      new Param(init(options.rngs.makeRng('params'), parts.map(sizeOf), paramDtype).reshape(parts.flat()));
    this.kernel = param(kernelInit, [...batch, ...this.inFeatures], this.outFeatures);
    this.bias = useBias ? param(biasInit, [...batch, ...this.outFeatures]) : null;
  }

  /** @throws SHAPE for an input of other features, AXIS for axes that it does not have or that do not ascend. */
  forward(x: Operand): Tensor {
    const given = tensorOf(x);
    const fix = (...found: readonly number[]): string =>
      `new nnx.LinearGeneral([${found.join(', ')}], [${this.outFeatures.join(', ')}], { axis: [${this.axis.join(', ')}], rngs })`;
    const axes = axesOf(nameOf(this), this.axis, given.ndim, () => fix(...this.inFeatures));
    if (axes.some((axis, i) => axis !== (this.axis[i]! + given.ndim) % given.ndim)) {
      const problem = `${nameOf(this)}: the axes [${this.axis.join(',')}] of ${given.describe()} do not ascend`;
      fail('AXIS', problem, `{ axis: [${axes.join(', ')}] }`);
    }
    checkFeatures(this, given, this.axis, this.inFeatures, fix);
    const [input, kernel, bias] = promoteDtype('LinearGeneral', [given, this.kernel, this.bias], this.dtype);
    const batch = Object.keys(this.batchAxis).map(Number);
    const inKernel = axes.map((_, i) => batch.length + i);
    const y = lax.dotGeneral(input, kernel, [[axes, inKernel], [batch, batch]]);
    if (bias === null) return y;
    const others = Array.from({ length: y.ndim - batch.length - this.outFeatures.length }, () => 1);
    return y.add(bias.reshape([...Object.values(this.batchAxis), ...others, ...this.outFeatures]));
  }
}

function checkAxes({ inFeatures, axis, batchAxis }: LinearGeneral): void {
  if (inFeatures.length !== axis.length) {
    const features = `[${inFeatures.join(',')}] are features of ${inFeatures.length} axes`;
    const problem = `new nnx.LinearGeneral: ${features}, and axis is [${axis.join(',')}]`;
    fail('AXIS', problem, `{ axis: [${inFeatures.map((_, i) => i - inFeatures.length).join(', ')}] }`);
  }
  const batch = Object.keys(batchAxis);
  if (batch.some((key, i) => key !== String(i))) {
    const problem = `new nnx.LinearGeneral: the batch axes ${batch.join(', ')} are not the first axes of the input`;
    fail('AXIS', problem, '{ batchAxis: { 0: 8 } }');
  }
}
