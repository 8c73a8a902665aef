/** The hash from which all random numbers come. */
import { aval } from '../ir/jaxpr.ts';
import { THREEFRY, threefry2x32 } from '../numerics/threefry.ts';
import type { HostArray } from '../dtype.ts';
import type { ScalarFunction } from '../scalar/expression.ts';
import { sizeOf } from '../shape.ts';
import { expectCount } from './checks.ts';
import { DISCRETE, nonlinear } from './derivatives.ts';
import { batchPointwise, commonAval, commonShape, lowerPointwise } from './pointwise.ts';
import { definePrimitive } from './primitive.ts';
import type { Primitive } from './primitive.ts';

/** One of the hash's two words. */
function word(component: 'x' | 'y'): ScalarFunction {
  return {
    name: `threefry2x32_${component}`,
    cost: 'heavy',
    wgsl: (args) => `${THREEFRY.name}(${args.join(', ')})`,
    component,
    helpers: () => [THREEFRY],
  };
}

const WORDS = [word('x'), word('y')];

function hash(inputs: readonly HostArray[]): HostArray[] {
  const shape = commonShape('threefry2x32', inputs);
  const first = new Uint32Array(sizeOf(shape));
  const second = new Uint32Array(first.length);
  const read = ({ shape: { length }, data }: HostArray, i: number): number => data[length === 0 ? 0 : i]!;
  const [k0, k1, x0, x1] = inputs as [HostArray, HostArray, HostArray, HostArray];
  for (let i = 0; i < first.length; i++) {
    [first[i], second[i]] = threefry2x32(read(k0, i), read(k1, i), read(x0, i), read(x1, i));
  }
  return [first, second].map((data) => ({ dtype: 'uint32', shape, data }));
}

const threefryRow: Primitive = definePrimitive({
  name: 'threefry2x32',
  doc: 'Two words of random bits from two words of a key and two of a counter (Salmon et al., 2011).',
  type(inputs) {
    expectCount('threefry2x32', inputs, 4);
    const { shape } = commonAval('threefry2x32', inputs, ['uint32']);
    return WORDS.map(() => aval('uint32', shape));
  },
  reference: hash,
  lowering: lowerPointwise(() => WORDS),
  jvp: DISCRETE,
  transpose: nonlinear('threefry2x32 is a hash'),
  batch: (o, inputs, axes, params, size) => batchPointwise(o, threefryRow, inputs, axes, params, size),
  samples: [
    { inputs: [[], [], [], []].map((shape) => aval('uint32', shape)), params: {} },
    { inputs: [[], [], [2, 3], [2, 3]].map((shape) => aval('uint32', shape)), params: {} },
    { inputs: [[5], [5], [5], []].map((shape) => aval('uint32', shape)), params: {} },
  ],
  domain: { low: 0, high: 0xffffffff },
  tolerance: 0,
});

export const RANDOM: readonly Primitive[] = [threefryRow];
