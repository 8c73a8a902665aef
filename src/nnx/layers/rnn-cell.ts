/** What the recurrent cells share. */
import type { DType } from '../../../compiler/dtype.ts';
import { sameShape, showShape } from '../../../compiler/shape.ts';
import { np } from '../../numpy/index.ts';
import { fail } from '../../numpy/operands.ts';
import { sigmoid } from '../../nn/index.ts';
import type { Operand } from '../../trace/bind.ts';
import type { Tensor } from '../../trace/tensor.ts';
import { lecunNormal, orthogonal, zeros } from '../initializers.ts';
import type { Initializer } from '../initializers.ts';
import { Module } from '../module.ts';
import type { KeySource } from '../rngs.ts';
import { nameOf } from './layer.ts';
import type { LayerOptions } from './layer.ts';
import { Linear } from './linear.ts';

/** One step of a recurrent network. flax.nnx.RNNCellBase. */
export abstract class RNNCellBase<Carry> extends Module {
  /**
   * The carry before the first step, for inputs of shape [...batch, features]: zeros, or what `carryInit` makes with keys from
   * the stream `carry`.
   *
   * @throws RNG for a `carryInit` without `rngs`.
   */
  abstract initializeCarry(inputShape: readonly number[], rngs?: KeySource | null, carryInit?: Initializer): Carry;

  /** The next carry, and what the step gives: [...batch, features] each. @throws SHAPE */
  abstract forward(carry: Carry, x: Operand): readonly [carry: Carry, y: Tensor];

  /** How many trailing axes of the input are features; all before are batch axes. */
  get numFeatureAxes(): number {
    return 1;
  }
}

/** The carry of a cell's type. */
export type CarryOf<Cell> = Cell extends RNNCellBase<infer Carry> ? Carry : never;

export interface CellOptions extends LayerOptions {
  /** What the new state passes; default tanh. */
  readonly activationFn?: (x: Tensor) => Tensor;
  /** Of the kernels that act on the input; default `lecunNormal()`. */
  readonly kernelInit?: Initializer;
  /** Of the kernels that act on the carry; default `orthogonal()`. */
  readonly recurrentKernelInit?: Initializer;
  /** Default `zeros`. */
  readonly biasInit?: Initializer;
}

export interface GatedCellOptions extends CellOptions {
  /** What the gates pass; default sigmoid. */
  readonly gateFn?: (x: Tensor) => Tensor;
}

export const CELL_DEFAULTS: Required<Omit<GatedCellOptions, 'rngs'>> = {
  gateFn: sigmoid,
  activationFn: np.tanh,
  kernelInit: lecunNormal(),
  recurrentKernelInit: orthogonal(),
  biasInit: zeros,
  dtype: null,
  paramDtype: 'float32',
};

/** A cell of linear layers whose carry is made of tensors [...batch, hiddenFeatures]. */
export abstract class HiddenCell<Carry> extends RNNCellBase<Carry> {
  readonly inFeatures: number;
  readonly hiddenFeatures: number;
  readonly paramDtype: DType;
  readonly activationFn: (x: Tensor) => Tensor;

  constructor(inFeatures: number, hiddenFeatures: number, options: Required<Omit<CellOptions, 'rngs'>>) {
    super();
    this.inFeatures = inFeatures;
    this.hiddenFeatures = hiddenFeatures;
    this.paramDtype = options.paramDtype;
    this.activationFn = options.activationFn;
  }
}

export interface CellLayers {
  /** A layer from the input to so many gates. */
  ofInput(gates: number, bias: { readonly useBias: boolean }): Linear;
  /** A layer from the carry to so many gates. */
  ofCarry(gates: number, bias: { readonly useBias: boolean }): Linear;
}

/** How a cell makes its layers, in the order in which they draw their keys. */
export function layersOf(
  { inFeatures, hiddenFeatures }: HiddenCell<unknown>,
  { kernelInit, recurrentKernelInit, biasInit, dtype, paramDtype }: Required<Omit<CellOptions, 'rngs'>>,
  rngs: KeySource,
): CellLayers {
  const shared = { biasInit, dtype, paramDtype, rngs };
  return {
    ofInput: (gates, bias) => new Linear(inFeatures, gates * hiddenFeatures, { ...shared, ...bias, kernelInit }),
    ofCarry: (gates, bias) =>
      new Linear(hiddenFeatures, gates * hiddenFeatures, { ...shared, ...bias, kernelInit: recurrentKernelInit }),
  };
}

/** One tensor of a carry, for inputs of shape [...batch, features]. @throws RNG for a random one without keys */
export function carryOf(
  cell: HiddenCell<unknown>,
  inputShape: readonly number[],
  rngs: KeySource | null,
  carryInit: Initializer,
): Tensor {
  const shape = [...inputShape.slice(0, -1), cell.hiddenFeatures];
  if (rngs !== null) return carryInit(rngs.makeRng('carry'), shape, cell.paramDtype);
  if (carryInit === zeros) return np.zeros(shape, { dtype: cell.paramDtype });
  return fail('RNG', `${nameOf(cell)}: a random carry needs keys`, 'cell.initializeCarry(x.shape, rngs, carryInit)');
}

/** @throws SHAPE unless every tensor of the carry is [...batch, hiddenFeatures] for the input [...batch, features]. */
export function checkCarry(cell: HiddenCell<unknown>, carry: readonly Tensor[], x: Tensor): void {
  const expected = [...x.shape.slice(0, -1), cell.hiddenFeatures];
  const wrong = carry.find(({ shape }) => !sameShape(shape, expected));
  if (wrong === undefined) return;
  const given = `the carry ${wrong.describe()} for the input ${x.describe()}`;
  fail('SHAPE', `${nameOf(cell)}: ${given} is not of shape ${showShape(expected)}`, 'cell.initializeCarry(x.shape)');
}
