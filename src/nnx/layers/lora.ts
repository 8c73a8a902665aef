/** LoRA: a correction of low rank beside a layer. Hu et al. 2021, LoRA, arXiv:2106.09685. */
import type { DType } from '../../../compiler/dtype.ts';
import { fail } from '../../numpy/operands.ts';
import { describeValue, tensorOf } from '../../trace/bind.ts';
import type { Operand } from '../../trace/bind.ts';
import type { Tensor } from '../../trace/tensor.ts';
import { heUniform, zeros } from '../initializers.ts';
import type { Initializer } from '../initializers.ts';
import { Module } from '../module.ts';
import { Param } from '../variables.ts';
import type { Variable } from '../variables.ts';
import { promoteDtype } from './dtypes.ts';
import { checkFeatures, constructorOptions } from './layer.ts';
import type { LayerOptions } from './layer.ts';
import { LINEAR_DEFAULTS, Linear } from './linear.ts';
import type { LinearOptions } from './linear.ts';

/** A parameter of LoRA: `{ wrt: nnx.LoRAParam }` trains the correction alone. */
export class LoRAParam extends Param {
  declare readonly __param: 'LoRAParam';
}

/** What a LoRA stands beside: a layer, or a function of tensors. */
export type BaseModule = (Module & { forward(x: Tensor): Tensor }) | ((x: Tensor) => Tensor);

interface FactorOptions {
  /** How the input side begins; default `heUniform()`. */
  readonly aInitializer?: Initializer;
  /** How the output side begins; default `zeros`, so that the correction begins as zero. */
  readonly bInitializer?: Initializer;
  /** The kind of both; default LoRAParam. */
  readonly loraParamType?: new (value: Tensor) => Variable;
}

export interface LoRAOptions extends LayerOptions, FactorOptions {
  /** What the correction is added to; default null, nothing. */
  readonly baseModule?: BaseModule | null;
}

export interface LoRALinearOptions extends LinearOptions, FactorOptions {
  readonly loraRank: number;
  /** As `dtype`, of the correction. */
  readonly loraDtype?: DType | null;
  /** As `paramDtype`, of the correction. */
  readonly loraParamDtype?: DType;
}

const FACTORS: Required<FactorOptions> = { aInitializer: heUniform(), bInitializer: zeros, loraParamType: LoRAParam };

/** `x @ lora_a @ lora_b`, plus what `baseModule` gives: [..., inFeatures] to [..., outFeatures]. flax.nnx.LoRA. */
export class LoRA extends Module {
  readonly inFeatures: number;
  readonly outFeatures: number;
  readonly dtype: DType | null;
  /** [inFeatures, rank]. */
  readonly lora_a: Variable;
  /** [rank, outFeatures]. */
  readonly lora_b: Variable;
  readonly base_module: BaseModule | null;

  /** @throws VALUE for a rank below 1 and for an unknown option, RNG without `rngs`. */
  constructor(inFeatures: number, loraRank: number, outFeatures: number, options: LoRAOptions) {
    super();
    const defaults = { ...FACTORS, baseModule: null, dtype: null, paramDtype: 'float32' } as const;
    const choices = constructorOptions<LoRAOptions>('LoRA', options, defaults);
    const { aInitializer, bInitializer, loraParamType: Factor, paramDtype } = choices;
    const { rngs } = options;
    if (!Number.isInteger(loraRank) || loraRank < 1) {
      const problem = `new nnx.LoRA: the rank is a whole number from 1, not ${describeValue(loraRank)}`;
      fail('VALUE', problem, 'new nnx.LoRA(3, 1, 4, { rngs })');
    }
    this.inFeatures = inFeatures;
    this.outFeatures = outFeatures;
    this.dtype = choices.dtype;
    this.lora_a = new Factor(aInitializer(rngs.makeRng('params'), [inFeatures, loraRank], paramDtype));
    this.lora_b = new Factor(bInitializer(rngs.makeRng('params'), [loraRank, outFeatures], paramDtype));
    this.base_module = choices.baseModule;
  }

  /** @throws SHAPE for an input of another number of features. */
  forward(x: Operand): Tensor {
    const given = tensorOf(x);
    const rest = `${this.lora_a.shape[1]}, ${this.outFeatures}, { rngs }`;
    checkFeatures(this, given, [-1], this.inFeatures, (found) => `new nnx.LoRA(${found}, ${rest})`);
    const [input, a, b] = promoteDtype('LoRA', [given, this.lora_a, this.lora_b], this.dtype);
    const correction = input.matmul(a).matmul(b);
    if (this.base_module === null) return correction;
    return correction.add(this.base_module instanceof Module ? this.base_module.forward(input) : this.base_module(input));
  }
}

/** A Linear with a LoRA beside it, `lora`; the state of a Linear fits its own part. flax.nnx.LoRALinear. */
export class LoRALinear extends Linear {
  readonly lora: LoRA;

  /** @throws RNG without `rngs`, VALUE for an unknown option. */
  constructor(inFeatures: number, outFeatures: number, options: LoRALinearOptions) {
    const defaults = { ...LINEAR_DEFAULTS, ...FACTORS, loraRank: 0, loraDtype: null, loraParamDtype: 'float32' } as const;
    const { loraRank, loraDtype, loraParamDtype, aInitializer, bInitializer, loraParamType, ...linear } =
      constructorOptions<LoRALinearOptions>('LoRALinear', options, defaults);
    const { rngs } = options;
    super(inFeatures, outFeatures, { ...linear, rngs });
    const factors = { aInitializer, bInitializer, loraParamType };
    this.lora = new LoRA(inFeatures, loraRank, outFeatures, { ...factors, dtype: loraDtype, paramDtype: loraParamDtype, rngs });
  }

  override forward(x: Operand): Tensor {
    return super.forward(x).add(this.lora.forward(x));
  }
}
