/** Embed: a row of a table for each integer. */
import type { DType } from '../../../compiler/dtype.ts';
import { isInteger } from '../../../compiler/dtype.ts';
import { np } from '../../numpy/index.ts';
import { asDType, fail } from '../../numpy/operands.ts';
import { tensorOf } from '../../trace/bind.ts';
import type { Operand } from '../../trace/bind.ts';
import type { Tensor } from '../../trace/tensor.ts';
import { varianceScaling } from '../initializers.ts';
import type { Initializer } from '../initializers.ts';
import { Module } from '../module.ts';
import { Param } from '../variables.ts';
import { promoteDtype } from './dtypes.ts';
import { checkFeatures, constructorOptions, nameOf } from './layer.ts';
import type { LayerOptions } from './layer.ts';

export interface EmbedOptions extends LayerOptions {
  /** Default `varianceScaling(1, 'fanIn', 'normal', { outAxis: 0 })`. */
  readonly embeddingInit?: Initializer;
}

const DEFAULTS: Required<Omit<EmbedOptions, 'rngs'>> = {
  embeddingInit: varianceScaling(1, 'fanIn', 'normal', { outAxis: 0 }),
  dtype: null,
  paramDtype: 'float32',
};

/** Integers from 0 to below numEmbeddings, of any shape, become rows of the table: [...] to [..., features]. flax.nnx.Embed. */
export class Embed extends Module {
  readonly numEmbeddings: number;
  readonly features: number;
  /** The dtype of the rows, by default that of the table. */
  readonly dtype: DType;
  /** [numEmbeddings, features]. */
  readonly embedding: Param;

  /** @throws RNG without `rngs`, VALUE for an unknown option. */
  constructor(numEmbeddings: number, features: number, options: EmbedOptions) {
    super();
    const { embeddingInit, dtype, paramDtype } = constructorOptions('Embed', options, DEFAULTS);
    this.numEmbeddings = numEmbeddings;
    this.features = features;
    this.dtype = dtype ?? paramDtype;
    this.embedding = new Param(embeddingInit(options.rngs.makeRng('params'), [numEmbeddings, features], paramDtype));
  }

  /**
   * An index from -numEmbeddings to -1 counts from the end; one outside of the table gives a row of NaN, as jax.numpy.take does.
   *
   * @throws DTYPE for what is not integers.
   */
  forward(x: Operand): Tensor {
    const indices = tensorOf(x);
    if (!isInteger(indices.dtype)) {
      fail('DTYPE', `${nameOf(this)}: the rows are chosen by integers, not by ${indices.describe()}`, "x.astype('int32')");
    }
    return np.take(asDType(this.embedding, this.dtype), indices, { axis: 0 });
  }

  /**
   * The products of queries with every row, [..., features] to [..., numEmbeddings]: logits by the same table.
   *
   * @throws SHAPE for queries of another number of features.
   */
  attend(query: Operand): Tensor {
    const given = tensorOf(query);
    checkFeatures(this, given, [-1], this.features, (features) => `new nnx.Embed(${this.numEmbeddings}, ${features}, { rngs })`);
    const [queries, table] = promoteDtype('Embed', [given, this.embedding], this.dtype);
    return np.matmul(queries, table.transpose());
  }
}
