/** A loop of known length as one scan equation, with state threaded: what scan, foriLoop and map share. */
import { Jaxpr } from '../../compiler/ir/jaxpr.ts';
import type { Aval, Literal } from '../../compiler/ir/jaxpr.ts';
import { findPrimitive } from '../../compiler/primitives/index.ts';
import type { ScanParams } from '../../compiler/reference/scan.ts';
import { runsStepByStep } from '../disable-jit.ts';
import { applyJaxpr } from '../trace/apply.ts';
import { bind } from '../trace/bind.ts';
import { SownSlot } from '../trace/sown.ts';
import { finish, orDrop, stage } from '../trace/stage.ts';
import { checkStructure } from '../trace/structure.ts';
import type { Tensor } from '../trace/tensor.ts';
import { currentTrace, withTrace } from '../trace/trace.ts';
import { Variable } from '../trace/variable.ts';
import { writeIn } from '../trace/write.ts';
import { flatten, unflatten } from '../tree.ts';
import type { TreeDef } from '../tree.ts';
import { initialCarry, nextCarry, readCarry, rebuildCarry, settleCarry } from './carry.ts';
import type { TracedBody } from './carry.ts';
import { avalsOf, outputValue, rebuildOperands } from './operands.ts';
import type { Operands } from './operands.ts';
import { freshVariables } from './results.ts';
import { stepLoop } from './stepping.ts';
import { carriedWrites, checkRoles, inputsOf, outersOf } from './writes.ts';

export interface Loop {
  /** For messages: `scan(step)`. */
  readonly name: string;
  readonly carried: Operands;
  readonly mapped: Operands;
  readonly length: number;
  readonly reverse: boolean;
  /** The function of one step, in its trace. */
  step(carry: unknown, x: unknown): unknown;
  /** The next carry and y of what the step returned. @throws CARRY */
  parts(result: unknown): readonly [carry: unknown, y: unknown];
  /** How a step returns another carry, for messages. */
  readonly fix: string;
  /** The body as the equation holds it. */
  body?(jaxpr: Jaxpr): Jaxpr;
  /** What computes the results of the equation in its place, or null. `written` are the Variables that are its last carries. */
  rewrite?(params: ScanParams, written: readonly Variable[]): Jaxpr | null;
}

interface Body extends TracedBody {
  readonly yLeaves: readonly unknown[];
  readonly yValues: readonly (Tensor | Literal | null)[];
  readonly yTree: TreeDef;
}

/** The final carry and the stacked ys. @throws CARRY, STATE_WRITE, ALIASING */
export function runLoop(loop: Loop): [carry: unknown, ys: unknown] {
  // Of a loop without steps only a trace tells what it gives.
  if (runsStepByStep() && loop.length > 0) return stepLoop(loop);
  const { name, carried, mapped } = loop;
  checkRoles(name, carried, mapped);
  return bindLoop(loop, settleCarry(carried, (avals) => traceBody(loop, avals)));
}

function traceBody({ name, carried, mapped, step, parts, fix }: Loop, carryAvals: readonly Aval[]): Body {
  const sliceAvals = avalsOf(mapped).map((aval): Aval => ({ ...aval, shape: aval.shape.slice(1) }));
  const staged = stage(name, [...carryAvals, ...sliceAvals], (tracers, trace): unknown => {
    const carry = rebuildOperands(carried, tracers.slice(0, carryAvals.length), trace);
    return step(carry, rebuildOperands(mapped, tracers.slice(carryAvals.length), trace));
  });
  return orDrop(staged.trace, () => {
    const [next, y] = parts(staged.result);
    const { leaves: yLeaves, treedef: yTree } = flatten(y, { root: 'y' });
    const carry = readCarry(staged, next, carried, carryAvals, fix);
    checkStructure(mapped.snapshot, name);
    const yValues = withTrace(staged.trace, () => yLeaves.map((leaf) => outputValue(leaf, staged.trace)));
    return { staged, carry, yLeaves, yValues, yTree };
  });
}

/**
 * The loop as an equation of the current trace, or run. A Variable of xs that the body writes is written its slices, stacked;
 * what is sown is stacked, too.
 */
function bindLoop(loop: Loop, body: Body): [carry: unknown, ys: unknown] {
  const { name, carried, mapped, length, reverse } = loop;
  const { carry, yLeaves, yValues } = body;
  const slices = new Set(mapped.leaves.flatMap(({ variable }) => variable ?? []));
  const isSlice = (leaf: unknown): boolean => leaf instanceof Variable && slices.has(leaf);
  const yPositions = yValues.flatMap((value, i) => (value === null || isSlice(yLeaves[i]) ? [] : [i]));
  const finished = finish(body.staged, [...nextCarry(body), ...yPositions.map((i) => yValues[i]!)]);
  const sliceWrites = finished.writes.filter(({ variable }) => slices.has(variable) || variable instanceof SownSlot);
  const stacked = new Set(sliceWrites.map(({ variable }) => variable));
  const { variables, entries, values, consts } = carriedWrites(finished, carry, carried, stacked);

  const count = carry.avals.length;
  const { inputs, outputs, trace } = finished;
  const jaxpr = new Jaxpr(
    [],
    [...inputsOf(consts), ...inputs.slice(0, count), ...inputsOf(entries), ...inputs.slice(count)],
    trace.builder.equations,
    [...outputs.slice(0, count), ...values, ...outputs.slice(count), ...sliceWrites.map(({ value }) => value)],
  );
  const operands = [
    ...outersOf(consts),
    ...initialCarry(carried, carry),
    ...outersOf(entries),
    ...mapped.leaves.map(({ value }) => value),
  ];
  const step = loop.body?.(jaxpr) ?? jaxpr;
  const params: ScanParams = { jaxpr: step, length, reverse, numConsts: consts.length, numCarry: count + entries.length };
  const rewritten = loop.rewrite?.(params, variables) ?? null;
  const results = rewritten === null ? bind(findPrimitive('scan')!, operands, params) : applyJaxpr(name, rewritten, operands);
  const take = results.values();
  const next = (): Tensor => take.next().value!;

  const outer = currentTrace();
  const finalCarry = carry.avals.map(next);
  for (const variable of variables) writeIn(outer, variable, next());
  const ys = yPositions.map(next);
  for (const { variable } of sliceWrites) writeIn(outer, variable, next());
  const written = new Set(finished.writes.map(({ variable }) => variable));
  return [rebuildCarry(carry, carried, finalCarry, written), rebuildYs(body, yPositions, ys)];
}

/** The stacked ys: a Variable of xs comes back itself, any other as a fresh one that holds its values after each step. */
function rebuildYs({ yLeaves, yTree }: Body, positions: readonly number[], results: readonly Tensor[]): unknown {
  const stacked = new Map(positions.map((place, i) => [place, results[i]!]));
  const fresh = freshVariables();
  const leaves = yLeaves.map((leaf, place): unknown => {
    const result = stacked.get(place);
    if (result === undefined) return leaf;
    return leaf instanceof Variable ? fresh([leaf], result) : result;
  });
  return unflatten(yTree, leaves);
}
