/** sort: lines ordered by their keys, with what is carried along. */
import type { DType } from '../dtype.ts';
import { HeddleError } from '../errors.ts';
import { aval, showAval } from '../ir/jaxpr.ts';
import type { Atom, Aval } from '../ir/jaxpr.ts';
import type { Builder } from '../ir/builder.ts';
import { sameShape } from '../shape.ts';
import { allInFront } from './batching.ts';
import { expectAtLeast, expectAxes } from './checks.ts';
import { LinearOperand, definePrimitive } from './primitive.ts';
import type { BatchRule, JvpRule, Primitive, Sample, TransposeRule } from './primitive.ts';
import { sortedLines } from './sort/lines.ts';
import { sortHost } from './sort/reference.ts';
import type { SortParams } from './sort/reference.ts';

function expectSortable(inputs: readonly Aval[], { dimension, numKeys }: SortParams): void {
  expectAtLeast('sort', inputs, 1);
  const [first, ...rest] = inputs as readonly [Aval, ...Aval[]];
  const other = rest.find(({ shape }) => !sameShape(shape, first.shape));
  if (other !== undefined) {
    throw new HeddleError('SHAPE', `sort: operands ${showAval(first)} and ${showAval(other)} have different shapes`, {
      fix: 'np.broadcastTo(y, x.shape)',
    });
  }
  expectAxes('sort', [dimension], first.shape.length);
  if (!Number.isInteger(numKeys) || numKeys < 1 || numKeys > inputs.length) {
    throw new HeddleError('VALUE', `sort: ${numKeys} keys of ${inputs.length} operands`, { fix: 'numKeys: 1' });
  }
}

/** Sorting is linear in what it carries along: so are tangents sorted, each with the keys. */
const jvp: JvpRule<SortParams> = {
  kind: 'rule',
  tangents(o, { inputs, params }, tangents) {
    const carried = tangents.filter((tangent) => tangent !== null);
    const sorted = sortWith(o, inputs.slice(0, params.numKeys), carried, params);
    return tangents.map((tangent) => (tangent === null ? null : sorted[carried.indexOf(tangent)]!));
  },
};

/** What was carried along goes back to where it came from: it is sorted by that place. */
const transpose: TransposeRule<SortParams> = {
  kind: 'rule',
  cotangents(o, cotangents, inputs, params) {
    const keys = inputs.slice(0, params.numKeys);
    if (keys.some((key) => key instanceof LinearOperand)) {
      throw new HeddleError('NONLINEAR', 'sort cannot be transposed: it is not linear in its keys', {
        fix: 'vjp(f, x) for a function that is not linear',
      });
    }
    const { shape } = inputs[0]!.aval;
    const places = o.iota({ dtype: 'int32', shape, dimension: params.dimension });
    const [from] = sortWith(o, keys as readonly Atom[], [places], params);
    const given = cotangents.filter((cotangent) => cotangent !== null);
    const back = sortWith(o, [from!], given, { ...params, numKeys: 1 });
    return cotangents.map((cotangent) => (cotangent === null ? null : back[given.indexOf(cotangent)]!));
  },
};

/** The sorted values of what is carried along with the keys. */
function sortWith(o: Builder, keys: readonly Atom[], carried: readonly Atom[], params: SortParams): readonly Atom[] {
  return o.bind(sort, [...keys, ...carried], params).slice(keys.length);
}

const batch: BatchRule<SortParams> = (o, inputs, axes, params, size) => {
  const outputs = o.bind(sort, allInFront(o, inputs, axes, size), { ...params, dimension: params.dimension + 1 });
  return { outputs, axes: outputs.map(() => 0) };
};

function sample(
  shape: readonly number[],
  dtypes: readonly DType[],
  dimension: number,
  numKeys: number = 1,
  isStable: boolean = true,
): Sample<SortParams> {
  return { inputs: dtypes.map((dtype) => aval(dtype, shape)), params: { dimension, isStable, numKeys } };
}

const sort: Primitive = definePrimitive<SortParams>({
  name: 'sort',
  doc: 'Sorts along an axis by the first numKeys operands; the others are carried along. Zeros are equal, NaN is last.',
  type(inputs, params) {
    expectSortable(inputs, params);
    return inputs;
  },
  reference: sortHost,
  lowering: { kind: 'composite', write: sortedLines },
  jvp,
  transpose,
  batch,
  samples: [
    sample([7], ['float32'], 0),
    sample([3, 5], ['float32', 'float32', 'int32'], 1),
    sample([4, 2, 3], ['int32', 'float32', 'uint32'], 0, 2, false),
    sample([2, 5], ['bool', 'float32'], 1),
    sample([2, 0], ['float32'], 1),
    sample([3, 1], ['uint32'], 1),
  ],
  domain: { low: -2, high: 2 },
  tolerance: 0,
});

export const SORTS: readonly Primitive[] = [sort];
