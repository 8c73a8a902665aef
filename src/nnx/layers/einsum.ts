/** Einsum: a sum of products with a kernel, written as subscripts. */
import type { DType } from '../../../compiler/dtype.ts';
import { showShape, sizeOf } from '../../../compiler/shape.ts';
import { np } from '../../numpy/index.ts';
import { fail } from '../../numpy/operands.ts';
import { parseSubscripts } from '../../numpy/subscripts.ts';
import { tensorOf } from '../../trace/bind.ts';
import type { Operand } from '../../trace/bind.ts';
import type { Tensor } from '../../trace/tensor.ts';
import type { Initializer } from '../initializers.ts';
import { Module } from '../module.ts';
import { Param } from '../variables.ts';
import { promoteDtype } from './dtypes.ts';
import { constructorOptions, nameOf } from './layer.ts';
import type { LayerOptions } from './layer.ts';
import { LINEAR_DEFAULTS } from './linear.ts';

export interface EinsumOptions extends LayerOptions {
  /** Default `lecunNormal()`. */
  readonly kernelInit?: Initializer;
  /** Default `zeros`. */
  readonly biasInit?: Initializer;
}

/**
 * `np.einsum(einsumStr, x, kernel) + bias`: `new nnx.Einsum('nta,hab->nthb', [8, 2, 4], [8, 4], { rngs })`. The axes of the bias
 * are those of the kernel that remain in the output, in the output's order. flax.nnx.Einsum.
 */
export class Einsum extends Module {
  readonly einsumStr: string;
  readonly dtype: DType | null;
  readonly kernel: Param;
  readonly bias: Param | null;

  /** A `biasShape` of null is no bias. @throws VALUE for subscripts without `->` or not of two operands; RNG without `rngs`. */
  constructor(einsumStr: string, kernelShape: readonly number[], biasShape: readonly number[] | null, options: EinsumOptions) {
    super();
    const { useBias: _, ...defaults } = LINEAR_DEFAULTS;
    const { kernelInit, biasInit, dtype, paramDtype } = constructorOptions<EinsumOptions>('Einsum', options, defaults);
    const { rngs } = options;
    this.einsumStr = checked(einsumStr);
    this.dtype = dtype;
    this.kernel = new Param(kernelInit(rngs.makeRng('params'), kernelShape, paramDtype));
    this.bias = biasShape === null ? null : new Param(biasInit(rngs.makeRng('params'), biasShape, paramDtype));
  }

  /** Other subscripts than the layer's hold for this call. @throws SHAPE where x, kernel or bias do not fit them; VALUE. */
  forward(x: Operand, einsumStr: string = this.einsumStr): Tensor {
    const subscripts = checked(einsumStr);
    const [input, kernel, bias] = promoteDtype('Einsum', [tensorOf(x), this.kernel, this.bias], this.dtype);
    const y = np.einsum(subscripts, input, kernel);
    if (bias === null) return y;
    const { inputs, output } = parseSubscripts(subscripts, [input.shape, kernel.shape]);
    const shape = output.map((label) => kernel.shape[inputs[1]!.indexOf(label)] ?? 1);
    if (sizeOf(shape) !== bias.size) {
      const own = showShape(shape.filter((_, axis) => inputs[1]!.includes(output[axis]!)));
      const kept = `in '${subscripts}' the kernel ${kernel.describe()} leaves ${own} to the output`;
      const fix = `new nnx.Einsum('${subscripts}', ${showShape(kernel.shape)}, ${own}, { rngs })`;
      fail('SHAPE', `${nameOf(this)}: ${kept}; the bias is ${bias.describe()}`, fix);
    }
    return y.add(bias.reshape(shape));
  }
}

/** @throws VALUE unless the subscripts are of two operands and say what the output is. */
function checked(einsumStr: string): string {
  const subscripts = einsumStr.replaceAll(' ', '');
  if (/^[^,]*,[^,]*->[^,]*$/.test(subscripts)) return subscripts;
  const problem = `nnx.Einsum: '${einsumStr}' is not of two operands, input and kernel, with an output after '->'`;
  return fail('VALUE', problem, "new nnx.Einsum('bi,io->bo', [3, 2], [2], { rngs })");
}
