/**
 * Random well-typed programs with inputs on which they are well-conditioned: no value is NaN or infinite, and none hangs on the
 * last bits of another, so that two correct devices agree. Draws from the table of primitives by their type rules.
 */
import fc from 'fast-check';
import type { DType, HostArray } from '../../compiler/dtype.ts';
import { isFloat } from '../../compiler/dtype.ts';
import type { Atom, Jaxpr } from '../../compiler/ir/jaxpr.ts';
import { printJaxpr } from '../../compiler/ir/print.ts';
import { fromNumbers } from '../../compiler/reference/arrays.ts';
import { showShape, sizeOf } from '../../compiler/shape.ts';
import type { Shape } from '../../compiler/shape.ts';
import { step } from './random-programs/control.ts';
import { Random } from './random-programs/random.ts';
import { Workbench } from './random-programs/workbench.ts';

export interface RandomProgram {
  readonly jaxpr: Jaxpr;
  readonly inputs: readonly HostArray[];
}

export interface ProgramOptions {
  /** At most so many steps; a step adds an equation, and clamps where an operand is outside a domain. */
  readonly maxEquations?: number;
  /** The names of the primitives that may occur. */
  readonly primitives?: readonly string[];
  readonly dtypes?: readonly DType[];
  /** Of the inputs. */
  readonly shapes?: readonly Shape[];
  /** Of any value. Default 128. */
  readonly maxElements?: number;
  /** Whether there may be while loops, which have no reverse derivative. */
  readonly whileLoops?: boolean;
  /** How many of the last values that no equation reads are given out. Default 4. */
  readonly maxOutputs?: number;
}

const SHAPES: readonly Shape[] = [
  [], [1], [2], [3], [4], [2, 3], [3, 3], [4, 2], [1, 3], [3, 1], [2, 3, 2], [1, 2, 4],
];

/** Shrinks by leaving out steps; a failure shows the jaxpr and its inputs. */
export function randomPrograms(options: ProgramOptions = {}): fc.Arbitrary<RandomProgram> {
  const { maxEquations = 30, primitives, dtypes = ['float32', 'int32', 'uint32', 'bool'] } = options;
  const { shapes = SHAPES, maxElements = 128, maxOutputs = 4, whileLoops = false } = options;
  const allows = (name: string): boolean => primitives === undefined || primitives.includes(name);
  const limits = { allows, dtypes, maxElements, whileLoops };
  const seed = fc.noShrink(fc.integer());
  const inputs = fc.array(seed, { minLength: 1, maxLength: 5 });
  const steps = fc.array(seed, { minLength: 1, maxLength: maxEquations, size: 'max' });
  return fc
    .record({ inputs, steps })
    .map(({ inputs, steps }) => {
      const bench = new Workbench(limits, new Random(0));
      const arrays = inputs.map((each) => randomArray(new Random(each), dtypes, shapes));
      const variables = arrays.map((value) => bench.input({ value, shaken: value, exact: true }));
      for (const each of steps) {
        bench.random = new Random(each);
        step(bench);
      }
      const jaxpr = bench.o.build([], variables, outputsOf(bench, maxOutputs));
      return { jaxpr, inputs: arrays, [fc.toStringMethod]: () => show(jaxpr, arrays) };
    });
}

/** The last values that no equation reads, and sometimes one that is read. */
function outputsOf({ o, values, random }: Workbench, count: number): Atom[] {
  const read = new Set(o.equations.flatMap(({ inputs }) => inputs));
  const unread = values.map(({ atom }) => atom).filter((atom) => !read.has(atom));
  const extra = random.chance(30) ? random.pick(values) : undefined;
  return [...unread.slice(-count), ...(extra === undefined ? [] : [extra.atom])];
}

/** Multiples of a quarter, so that sums and products of a few are exact. */
function randomArray(random: Random, dtypes: readonly DType[], shapes: readonly Shape[]): HostArray {
  const dtype = random.chance(40) ? dtypes[0]! : random.pick(dtypes)!;
  const shape = random.pick(shapes)!;
  const draw = (): number => {
    if (isFloat(dtype)) return random.between(-12, 12) / 4;
    return dtype === 'bool' ? random.below(2) : random.between(dtype === 'int32' ? -6 : 0, 6);
  };
  return fromNumbers(dtype, shape, Array.from({ length: sizeOf(shape) }, draw));
}

function show(jaxpr: Jaxpr, inputs: readonly HostArray[]): string {
  const arrays = inputs.map(({ dtype, shape, data }) => `${dtype}${showShape(shape)} ${data.join(' ')}`);
  return [printJaxpr(jaxpr), ...arrays].join('\n');
}
