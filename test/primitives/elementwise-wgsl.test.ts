/** The WGSL of the pointwise primitives against their reference: sweeps, special values, random bits. One kernel a group. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DType, HostArray, TypedArray } from '../../compiler/dtype.ts';
import { ELEMENTWISE } from '../../compiler/primitives/elementwise.ts';
import { RANDOM } from '../../compiler/primitives/random.ts';
import { evaluate } from '../../compiler/reference/evaluate.ts';
import { differences } from '../support/golden-numerics.ts';
import { describeOnGpu } from '../support/gpu.ts';
import { ScalarRunner } from '../support/wgsl-scalar.ts';
import type { Call } from '../support/wgsl-scalar.ts';

const COUNT = 4096;
const SMALLEST_NORMAL = 2 ** -126;

/** A linear congruential generator: the same numbers in every run. */
let state = 1;
function word(): number {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return (state ^ (state >>> 15)) >>> 0;
}

const words = (): Uint32Array => Uint32Array.from({ length: COUNT }, word);
const between = (low: number, high: number): Float32Array =>
  Float32Array.from({ length: COUNT }, () => low + ((high - low) * word()) / 2 ** 32);
/** All exponents and signs, but no denormals: devices may flush them. */
const anyFloats = (): Float32Array => new Float32Array(words().buffer).map((x) => (Math.abs(x) < SMALLEST_NORMAL ? 1 : x));
/** Every float around `center`. */
const around = (center: number): Float32Array =>
  Float32Array.from({ length: COUNT }, (_, i) => center * (1 + (i - COUNT / 2) * 2 ** -24));

/** All pairs, as two columns, and the first column again for a third operand. */
function crossed<T extends TypedArray>(values: T): T[] {
  const n = values.length;
  const column = (pick: (i: number) => number): T => {
    const result = new (values.constructor as new (length: number) => T)(n * n);
    for (let i = 0; i < n * n; i++) result[i] = values[pick(i)]!;
    return result;
  };
  const rows = column((i) => Math.floor(i / n));
  const columns = column((i) => i % n);
  return [rows, columns, rows, columns];
}

const LARGEST = 3.4028234663852886e38;
const SPECIAL_FLOATS = Float32Array.of(
  0, -0, 1, -1, 2, -2, 0.5, -0.5, 3, -3, Infinity, -Infinity, NaN, LARGEST, -LARGEST, SMALLEST_NORMAL, -SMALLEST_NORMAL,
  1e-30, 1e30, 2 ** 24, 2 ** 24 + 2, 8388607.5, 2 ** 31, -(2 ** 31), 2 ** 32, 2147483520, 127, 128, -126, -87.5,
  88.72283, 88.72284, Math.PI, Math.PI / 2, 1.0000001, 0.99999994,
);
const SPECIAL_INTEGERS = Int32Array.of(0, 1, -1, 2, -2, 7, -7, 31, 32, 33, -31, 2147483647, -2147483648, 65535, 65536, -65537);

interface Group {
  readonly name: string;
  readonly dtype: DType;
  readonly columns: readonly TypedArray[];
}

const float = (name: string, ...columns: Float32Array[]): Group => ({ name, dtype: 'float32', columns });
const GROUPS: readonly Group[] = [
  float('special floats', ...crossed(SPECIAL_FLOATS)),
  float('random bits of floats', anyFloats(), anyFloats(), anyFloats()),
  float('floats up to 4', between(-4, 4), between(-4, 4), between(-4, 4)),
  float('floats up to 110', between(-110, 110), between(-20, 20), between(-4, 4)),
  float('floats up to a million', between(-1e6, 1e6), between(-10, 10), between(-4, 4)),
  float('floats around 1', around(1), between(-9000, 9000), between(0.5, 1.5)),
  float('floats around the root of digamma', around(1.4616321)),
  { name: 'special int32', dtype: 'int32', columns: crossed(SPECIAL_INTEGERS) },
  { name: 'random int32', dtype: 'int32', columns: [0, 1, 2].map(() => new Int32Array(words().buffer)) },
  { name: 'special uint32', dtype: 'uint32', columns: crossed(new Uint32Array(SPECIAL_INTEGERS.buffer)) },
  { name: 'random uint32', dtype: 'uint32', columns: [0, 1, 2, 3].map(words) },
  { name: 'bool', dtype: 'bool', columns: crossed(Uint8Array.of(0, 1)) },
];

/** Near their zeros on the negative axis these two are differences of large numbers, in JAX as here. */
const ABSOLUTE: Readonly<Record<string, number>> = { lgamma: 4e-6, digamma: 1e-5 };

/** 1/x^2 where x^2 is denormal. */
const FLUSHES = new Set(['integer_pow']);

function callsOn(dtype: DType, arity: number): Call[] {
  const calls = [...ELEMENTWISE, ...RANDOM].flatMap((primitive) =>
    primitive.samples
      .filter(({ inputs }) => inputs.length === arity && inputs.every((input) => input.dtype === dtype))
      .map(({ params }) => ({ primitive, params })));
  return [...new Map(calls.map((call) => [`${call.primitive.name} ${JSON.stringify(call.params)}`, call])).values()];
}

describeOnGpu('WGSL of pointwise primitives', () => {
  let runner: ScalarRunner;
  beforeAll(async () => {
    runner = await ScalarRunner.open();
  });
  afterAll(() => runner.close());

  describe.each(GROUPS)('$name', ({ name, dtype, columns }) => {
    const arities = [1, 2, 3, 4].filter((arity) => arity <= columns.length && callsOn(dtype, arity).length > 0);
    test.each(arities)('%i operands', async (arity) => {
      const operands = columns.slice(0, arity).map((data): HostArray => ({ dtype, shape: [data.length], data }));
      const calls = callsOn(dtype, arity).filter(({ primitive, params }) => supported(primitive.name, params['newDtype'], name));
      const results = await runner.run(calls, operands);
      const failures = calls.flatMap(({ primitive, params }, k) =>
        primitive.reference(operands, params, evaluate).flatMap((expected, output) => {
          const closeness = { relative: primitive.tolerance, absolute: ABSOLUTE[primitive.name] ?? 0 };
          const lines = differences(results[k]![output]!.data, expected.data, columns.slice(0, arity), closeness);
          return lines.slice(0, 3).map((line) => `${primitive.name} ${JSON.stringify(params)}: ${line}`);
        }));
      expect(failures).toEqual([]);
    });
  });

  function supported(primitive: string, newDtype: unknown, group: string): boolean {
    if (newDtype === 'float16') return runner.float16;
    if (FLUSHES.has(primitive)) return !group.startsWith('random bits');
    // Integers as floats are mostly denormals and NaN, of which WGSL promises nothing.
    return !(primitive === 'bitcast_convert_type' && newDtype === 'float32');
  }
});
