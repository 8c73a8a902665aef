/** Moves that nest: jit, cond and scan with small bodies. */
import type { HostArray } from '../../../compiler/dtype.ts';
import { Builder } from '../../../compiler/ir/builder.ts';
import { Var, aval } from '../../../compiler/ir/jaxpr.ts';
import type { Jaxpr } from '../../../compiler/ir/jaxpr.ts';
import { leading } from '../../../compiler/reference/arrays.ts';
import { sameShape } from '../../../compiler/shape.ts';
import { FIRST_ORDER } from './moves.ts';
import type { Move } from './moves.ts';
import { Workbench } from './workbench.ts';
import type { Known } from './workbench.ts';

const MAX_DEPTH = 2;
const ATTEMPTS = 8;

/** Adds one equation by some move, unless a few attempts fail. */
export function step(bench: Workbench, depth: number = 0): void {
  const moves = depth < MAX_DEPTH ? [...FIRST_ORDER, ...nesting(bench, depth + 1)] : FIRST_ORDER;
  const total = moves.reduce((sum, [weight]) => sum + weight, 0);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    let ticket = bench.random.below(total);
    const [, move] = moves.find(([weight]) => (ticket -= weight) < 0)!;
    if (move(bench)) return;
  }
}

function nesting({ limits }: Workbench, depth: number): [number, Move][] {
  const whileLoops: [number, Move][] = limits.whileLoops === true ? [[3, (bench) => repetition(bench, depth)]] : [];
  return [
    [1, (bench) => call(bench, depth)],
    [1, (bench) => choice(bench, depth)],
    [2, (bench) => loop(bench, depth)],
    ...whileLoops,
  ];
}

/** Some values, not all different. */
function pickSome(bench: Workbench, least: number, most: number, fits?: (value: HostArray) => boolean): Known[] {
  return Array.from({ length: bench.random.between(least, most) }, () => bench.pick(fits)).filter((known) => known !== undefined);
}

/** A jaxpr of a few steps on such inputs; the first outputs are of the types `wanted`, which the inputs contain. */
function body(outer: Workbench, inputs: readonly Known[], wanted: readonly HostArray[], extra: number, depth: number): Jaxpr {
  const bench = new Workbench(outer.limits, outer.random);
  const variables = inputs.map((input) => bench.input(input));
  const steps = bench.random.between(1, 4);
  for (let i = 0; i < steps; i++) step(bench, depth);
  const chosen = wanted.map(({ dtype, shape }) => bench.pick((value) => value.dtype === dtype && sameShape(value.shape, shape))!);
  const outputs = [...chosen, ...pickSome(bench, extra, extra)];
  return bench.o.build([], variables, outputs.map(({ atom }) => atom));
}

function call(bench: Workbench, depth: number): boolean {
  const operands = pickSome(bench, 1, 3);
  if (operands.length === 0) return false;
  return bench.apply('jit', operands, { name: 'f', jaxpr: body(bench, operands, [], bench.random.between(1, 2), depth) });
}

function choice(bench: Workbench, depth: number): boolean {
  const operands = pickSome(bench, 1, 3);
  if (operands.length === 0) return false;
  const isIndex = ({ dtype, shape }: HostArray): boolean => dtype === 'int32' && shape.length === 0;
  const index = (bench.random.chance(80) ? bench.pick(isIndex) : undefined) ?? bench.literal('int32');
  const results = bench.random.some(operands).map(({ value }) => value);
  const branches = Array.from({ length: bench.random.between(2, 3) }, () => body(bench, operands, results, 0, depth));
  return results.length > 0 && bench.apply('cond', [index, ...operands], { branches });
}

function loop(bench: Workbench, depth: number): boolean {
  const { random } = bench;
  const length = random.pick([0, 1, 2, 3, 3, 4])!;
  const consts = pickSome(bench, 0, 2);
  // What is carried has been computed by an unknown number of steps.
  const carries = pickSome(bench, 1, 2);
  const xs = pickSome(bench, 0, 2, ({ shape }) => length > 0 && shape[0] === length);
  const slices = xs.map((x): Known => ({ ...x, value: leading(x.value, 0), shaken: leading(x.shaken, 0) }));
  const inexact = carries.map((carry): Known => ({ ...carry, exact: false }));
  const jaxpr = body(bench, [...consts, ...inexact, ...slices], carries.map(({ value }) => value), random.below(3), depth);
  return bench.apply('scan', [...consts, ...carries, ...xs], {
    jaxpr, length, reverse: random.chance(50), numConsts: consts.length, numCarry: carries.length,
  });
}

/** Between 0 and 4: a literal, or the first element of a vector, which differs from row to row of a map. */
function smallNumber(bench: Workbench): Known {
  const isVector = ({ dtype, shape }: HostArray): boolean => dtype === 'int32' && shape.length === 1 && shape[0]! > 0;
  const vector = bench.random.chance(50) ? bench.pick(isVector) : undefined;
  const last = (): Known => bench.values.at(-1)!;
  const found = vector !== undefined &&
    bench.apply('slice', [vector], { startIndices: [0], limitIndices: [1], strides: [1] }) &&
    bench.apply('reshape', [last()], { newSizes: [] }) &&
    bench.apply('clamp', [bench.literal('int32', 0), last(), bench.literal('int32', 4)]);
  return found ? last() : bench.literal('int32', bench.random.below(5));
}

/** A while loop that counts from 0 up to a number; in another loop it has a bound. */
function repetition(bench: Workbench, depth: number): boolean {
  const { random } = bench;
  const [count, limit] = [bench.literal('int32', 0), smallNumber(bench)];
  const consts = pickSome(bench, 0, 2);
  const carries = pickSome(bench, 1, 3);
  const inexact = [count, ...carries].map((carry): Known => ({ ...carry, exact: false }));
  const step = body(bench, [...consts, ...inexact], carries.map(({ value }) => value), 0, depth);
  const counted = new Builder();
  const inputs = step.inputs.map(({ aval }) => new Var(aval));
  const next = counted.add(inputs[consts.length]!, 1);
  const bodyJaxpr = counted.build([], inputs, [next, ...counted.inline(step, inputs)]);
  const condition = new Builder();
  const compared = [limit, count, ...carries].map(({ value }) => new Var(aval(value.dtype, value.shape)));
  const condJaxpr = condition.build([], compared, [condition.lt(compared[1]!, compared[0]!)]);
  const maxIterations = depth > 1 || random.chance(40) ? random.below(6) : null;
  return bench.apply('while', [limit, ...consts, count, ...carries], {
    condJaxpr, bodyJaxpr, condConsts: 1, bodyConsts: consts.length, maxIterations,
  });
}
