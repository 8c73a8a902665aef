/** Random scans with bodies that nest, and the same loops written out step by step. */
import fc from 'fast-check';
import type { DType, HostArray } from '../../compiler/dtype.ts';
import { Builder } from '../../compiler/ir/builder.ts';
import { Var, aval } from '../../compiler/ir/jaxpr.ts';
import type { Atom, Aval, Jaxpr } from '../../compiler/ir/jaxpr.ts';
import { printJaxpr } from '../../compiler/ir/print.ts';
import { fromNumbers, leading } from '../../compiler/reference/arrays.ts';
import type { ScanParams } from '../../compiler/reference/scan.ts';
import { sameShape, sizeOf } from '../../compiler/shape.ts';
import { float32, int32 } from './jaxprs.ts';
import type { RandomProgram } from './random-programs.ts';
import { step } from './random-programs/control.ts';
import { Random } from './random-programs/random.ts';
import { Workbench } from './random-programs/workbench.ts';

/** Of what a loop has some of. */
export interface LoopTypes {
  readonly consts: readonly Aval[];
  /** The first is in every loop. */
  readonly carries: readonly Aval[];
  readonly slices: readonly Aval[];
  readonly lengths: readonly number[];
}

const TYPES: LoopTypes = {
  consts: [float32(3), float32(3, 3), float32(), int32()],
  carries: [float32(3), float32(3), float32(), int32(), float32(2, 3), aval('bool', [])],
  slices: [float32(3), float32(), int32(), float32(3, 2)],
  lengths: [0, 1, 2, 3, 3, 4],
};
const DTYPES: readonly DType[] = ['float32', 'int32', 'uint32', 'bool'];

export interface RandomLoop extends RandomProgram {
  readonly params: ScanParams;
}

/** Well-conditioned scans of few steps, in both directions, over floats, integers and bools. */
export function randomLoops(
  allows: (primitive: string) => boolean = () => true,
  types: LoopTypes = TYPES,
): fc.Arbitrary<RandomLoop> {
  const seed = fc.noShrink(fc.integer());
  return fc
    .record({ seed, steps: fc.array(seed, { minLength: 1, maxLength: 8, size: 'max' }) })
    .map(({ seed, steps }) => drawLoop(seed, steps, allows, types))
    .filter((loop) => loop !== undefined);
}

function drawLoop(
  seed: number,
  steps: readonly number[],
  allows: (primitive: string) => boolean,
  types: LoopTypes,
): RandomLoop | undefined {
  const random = new Random(seed);
  const limits = { allows, dtypes: DTYPES, maxElements: 64 };
  const length = random.pick(types.lengths)!;
  const consts = random.some(types.consts);
  const carries = [types.carries[0]!, ...random.some(types.carries.slice(1))];
  const slices = random.some(length === 0 ? [] : types.slices);
  const stacked = slices.map((slice) => ({ ...slice, shape: [length, ...slice.shape] }));
  const inputs = [...consts, ...carries, ...stacked].map((type) => randomArray(random, type));

  const bench = new Workbench(limits, random);
  const ends = consts.length + carries.length;
  const variables = inputs.map((input, i) => {
    const value = i < ends ? input : leading(input, 0);
    // What is carried has been computed by an unknown number of steps.
    return bench.input({ value, shaken: value, exact: i < consts.length || i >= ends });
  });
  for (const each of steps) {
    bench.random = new Random(each);
    step(bench, 1);
  }
  const next = carries.map(({ dtype, shape }) => bench.pick((value) => value.dtype === dtype && sameShape(value.shape, shape))!);
  const ys = Array.from({ length: random.below(3) }, () => bench.pick()!);
  const jaxpr = bench.o.build([], variables, [...next, ...ys].map(({ atom }) => atom));
  const params = { jaxpr, length, reverse: random.chance(50), numConsts: consts.length, numCarry: carries.length };

  const whole = new Workbench(limits, random);
  const operands = inputs.map((value) => whole.input({ value, shaken: value, exact: true }));
  if (!whole.apply('scan', [...whole.values], params)) return undefined;
  const program = whole.o.build([], operands, whole.values.slice(operands.length).map(({ atom }) => atom));
  const show = (): string => [printJaxpr(program), ...inputs.map(({ data }) => data.join(' '))].join('\n');
  return { jaxpr: program, inputs, params, [fc.toStringMethod]: show } as RandomLoop;
}

function randomArray(random: Random, { dtype, shape }: Aval): HostArray {
  const draw = (): number => {
    if (dtype === 'bool') return random.below(2);
    return dtype === 'int32' ? random.between(-3, 3) : random.between(-8, 8) / 4;
  };
  return fromNumbers(dtype, shape, Array.from({ length: sizeOf(shape) }, draw));
}

/** The jaxpr that repeats the body for every step. */
export function unrolled({ jaxpr, length, reverse, numConsts, numCarry }: ScanParams, operands: readonly Aval[]): Jaxpr {
  const o = new Builder();
  const inputs = operands.map((type) => new Var(type));
  const consts = inputs.slice(0, numConsts);
  const xs = inputs.slice(numConsts + numCarry);
  let carries: Atom[] = inputs.slice(numConsts, numConsts + numCarry);
  const ys = jaxpr.outputs.slice(numCarry).map((): Atom[] => []);
  for (let i = 0; i < length; i++) {
    const position = reverse ? length - 1 - i : i;
    const results = o.inline(jaxpr, [...consts, ...carries, ...xs.map((x) => sliceAt(o, x, position))]);
    carries = results.slice(0, numCarry);
    ys.forEach((stack, k) => {
      const y = results[numCarry + k]!;
      stack[position] = o.reshape(y, { newSizes: [1, ...y.aval.shape] });
    });
  }
  const stacked = ys.map((stack, k) => {
    const { dtype, shape } = jaxpr.outputs[numCarry + k]!.aval;
    return stack.length === 0 ? o.full(0, { dtype, shape: [0, ...shape] }) : o.concatenate(...stack, { dimension: 0 });
  });
  return o.build([], inputs, [...carries, ...stacked]);
}

function sliceAt(o: Builder, x: Atom, position: number): Atom {
  const [, ...shape] = x.aval.shape;
  const startIndices = [position, ...shape.map(() => 0)];
  const limitIndices = [position + 1, ...shape];
  const slice = o.slice(x, { startIndices, limitIndices, strides: limitIndices.map(() => 1) });
  return o.reshape(slice, { newSizes: shape });
}
