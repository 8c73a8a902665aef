/** Random scans in which there is much to move: recurrences with projections, sums from step to step and stacked results. */
import fc from 'fast-check';
import { Builder } from '../../compiler/ir/builder.ts';
import { Var } from '../../compiler/ir/jaxpr.ts';
import type { Atom, Aval, Jaxpr } from '../../compiler/ir/jaxpr.ts';
import { printJaxpr } from '../../compiler/ir/print.ts';
import { fromNumbers } from '../../compiler/reference/arrays.ts';
import { sameShape, sizeOf } from '../../compiler/shape.ts';
import { along, float32, jaxprOf, matmul } from './jaxprs.ts';
import { Random } from './random-programs/random.ts';
import type { RandomProgram } from './random-programs.ts';

/** Of two rows. */
const ROWS = float32(2, 3);
const SQUARE = float32(3, 3);
const VECTOR = float32(3);

const CONSTS = [SQUARE, VECTOR];
/** The first is the state of the recurrence; to the others the steps add, mostly. */
const CARRIES = [ROWS, SQUARE, VECTOR, ROWS];
const XS = [ROWS, ROWS, SQUARE];

/** A program of one scan whose values are floats of moderate size. */
export function randomScans(): fc.Arbitrary<RandomProgram> {
  return fc.noShrink(fc.integer()).map((seed) => {
    const random = new Random(seed);
    const jaxpr = randomScan(random);
    const inputs = jaxpr.inputs.map(({ aval: { dtype, shape } }) => {
      return fromNumbers(dtype, shape, Array.from({ length: sizeOf(shape) }, () => random.between(-8, 8) / 8));
    });
    return { jaxpr, inputs, [fc.toStringMethod]: () => printJaxpr(jaxpr) };
  });
}

function randomScan(random: Random): Jaxpr {
  const length = random.between(2, 5);
  const numConsts = CONSTS.length;
  const numCarry = CARRIES.length;
  const jaxpr = randomBody(random);
  const o = new Builder();
  const inputs: Var[] = [];
  const input = (type: Aval): Var => {
    const variable = new Var(type);
    inputs.push(variable);
    return variable;
  };
  const operands = jaxpr.inputs.map(({ aval }, i): Atom => {
    // Sums start from zero, as those of gradients do, or elsewhere; slices may all be equal.
    if (i > numConsts && i < numConsts + numCarry) return random.chance(50) ? o.full(0, aval) : input(aval);
    if (i < numConsts + numCarry) return input(aval);
    const shape = [length, ...aval.shape];
    if (random.chance(80)) return input(float32(...shape));
    return o.broadcastInDim(input(aval), { shape, broadcastDimensions: aval.shape.map((_, axis) => axis + 1) });
  });
  const results = o.scan(...operands, { jaxpr, length, reverse: random.chance(50), numConsts, numCarry }) as readonly Atom[];
  const outputs = random.some(results);
  return o.build([], inputs, outputs.length === 0 ? results : outputs);
}

function randomBody(random: Random): Jaxpr {
  return jaxprOf([...CONSTS, ...CARRIES, ...XS], (o, ...inputs) => {
    const sums = inputs.slice(CONSTS.length + 1, CONSTS.length + CARRIES.length);
    const values: Atom[] = inputs.filter((variable) => !sums.includes(variable) || random.chance(10));
    const pick = ({ shape }: Aval): Atom => random.pickLate(values.filter(({ aval }) => sameShape(aval.shape, shape)))!;
    for (let steps = random.between(3, 10); steps > 0; steps--) values.push(random.pick(MOVES)!(o, pick, random));
    const nexts = sums.map((sum): Atom => {
      if (random.chance(10)) return pick(sum.aval);
      const added = random.chance(70) ? o.add(sum, pick(sum.aval)) : o.sub(sum, pick(sum.aval));
      return random.chance(30) ? o.add(pick(sum.aval), added) : added;
    });
    const ys = Array.from({ length: random.below(4) }, () => random.pick([...values, ...nexts])!);
    return [o.tanh(pick(ROWS)), ...nexts, ...ys];
  });
}

type Move = (o: Builder, pick: (type: Aval) => Atom, random: Random) => Atom;

const MOVES: readonly Move[] = [
  (o, pick) => matmul(o, pick(ROWS), pick(SQUARE)),
  (o, pick) => {
    const turned = o.dotGeneral(pick(SQUARE), pick(ROWS), { dimensionNumbers: [[[0], [1]], [[], []]] });
    return o.transpose(turned, { permutation: [1, 0] });
  },
  (o, pick) => o.dotGeneral(pick(ROWS), pick(ROWS), { dimensionNumbers: [[[0], [0]], [[], []]] }),
  (o, pick) => o.dotGeneral(pick(VECTOR), pick(VECTOR), { dimensionNumbers: [[[], []], [[], []]] }),
  (o, pick) => o.reduceSum(pick(ROWS), { axes: [0] }),
  (o, pick) => o.reduceMax(pick(ROWS), { axes: [0] }),
  (o, pick) => o.transpose(pick(SQUARE), { permutation: [1, 0] }),
  (o, pick) => along(o, 1, pick(VECTOR), pick(ROWS)),
  (o, pick, random) => o.tanh(pick(random.pick([ROWS, SQUARE, VECTOR])!)),
  (o, pick, random) => o.neg(pick(random.pick([ROWS, SQUARE, VECTOR])!)),
  (o, pick) => o.sin(o.mul(pick(ROWS), pick(ROWS))),
  (o, pick) => o.add(pick(SQUARE), pick(SQUARE)),
  (o, pick, random) => (random.chance(30) ? o.optimizationBarrier(pick(ROWS)) : o.sub(pick(ROWS), pick(ROWS))),
];
