/** The carry of a loop: what the body returned for it, its types until they are stable, the final values as the caller's tree. */
import type { HeddleError } from '../../compiler/errors.ts';
import { promote } from '../../compiler/dtype.ts';
import { showAval } from '../../compiler/ir/jaxpr.ts';
import type { Aval, Literal } from '../../compiler/ir/jaxpr.ts';
import { sameShape, showShape } from '../../compiler/shape.ts';
import { cast } from '../trace/bind.ts';
import { orDrop } from '../trace/stage.ts';
import type { Staged } from '../trace/stage.ts';
import { checkStructure } from '../trace/structure.ts';
import type { Tensor } from '../trace/tensor.ts';
import { currentTrace, withTrace } from '../trace/trace.ts';
import { userError } from '../trace/user-error.ts';
import { Variable, adoptVariable, kindOf } from '../trace/variable.ts';
import { writeIn } from '../trace/write.ts';
import { flatten, treedefKey, unflatten } from '../tree.ts';
import type { TreeDef } from '../tree.ts';
import { describeDifferences } from './differences.ts';
import { avalsOf, outputValue } from './operands.ts';
import type { Operands } from './operands.ts';
import { kindDifferences } from './results.ts';

export interface Carry {
  /** The types with which it entered the body. */
  readonly avals: readonly Aval[];
  /** What the body returned for each of them. */
  readonly leaves: readonly unknown[];
  readonly values: readonly (Tensor | Literal)[];
  readonly treedef: TreeDef;
}

/** A traced body, whose trace still takes equations. */
export interface TracedBody {
  readonly staged: Staged<unknown>;
  readonly carry: Carry;
}

/**
 * The part of the body's result that is the next carry; `fix` shows how bodies of this kind return it.
 *
 * @throws CARRY for another structure than it was given, with a line per path.
 */
export function readCarry(
  staged: Staged<unknown>,
  returned: unknown,
  carried: Operands,
  avals: readonly Aval[],
  fix: string,
): Carry {
  const { trace } = staged;
  const after = flatten(returned, { root: 'carry' });
  const { leaves, treedef } = after;
  const sameTree = treedefKey(treedef) === treedefKey(carried.snapshot.treedef);
  const changed = sameTree ? kindDifferences(carried, after) : describeDifferences(carried, after);
  if (changed.length > 0) throw carryError(trace.name, changed, fix);
  checkStructure(carried.snapshot, trace.name);
  const values = withTrace(trace, () => leaves.map((leaf) => outputValue(leaf, trace)));
  return {
    avals,
    leaves: leaves.filter((_, i) => !carried.statics.has(i)),
    values: values.filter((value) => value !== null),
    treedef,
  };
}

/**
 * The body, traced until its carry is stable: a weakly typed carry takes the dtype that the body gives it. Each retrace can only
 * strengthen types.
 *
 * @throws CARRY for a carry whose type the body changes.
 */
export function settleCarry<B extends TracedBody>(carried: Operands, trace: (avals: readonly Aval[]) => B): B {
  let body = trace(avalsOf(carried));
  for (;;) {
    const stronger = orDrop(body.staged.trace, () => strongerTypes(carried, body));
    if (stronger === null) return body;
    body.staged.trace.end();
    body = trace(stronger);
  }
}

/** Types for another try, or null when the carry is stable. */
function strongerTypes(carried: Operands, { carry, staged }: TracedBody): Aval[] | null {
  let changed = false;
  const differences: string[] = [];
  const fixes: string[] = [];
  const differ = (path: string, aval: Aval, out: Aval): void => {
    differences.push(`${path}: ${showAval(aval)} -> ${showAval(out)}`);
    const init = path.replace('carry', 'init');
    fixes.push(sameShape(aval.shape, out.shape) ? `${init}.astype('${out.dtype}')` : `${init} = ${zerosOf(out)}`);
  };
  const promoted = carry.avals.map((aval, i): Aval => {
    const out = carry.values[i]!.aval;
    if (!sameShape(aval.shape, out.shape)) differ(carried.leaves[i]!.path, aval, out);
    else if (aval.dtype !== out.dtype || (aval.weak && !out.weak)) {
      if (!aval.weak) {
        if (!out.weak || promote(aval, out).dtype !== aval.dtype) differ(carried.leaves[i]!.path, aval, out);
        return aval;
      }
      changed = true;
      return { ...promote(aval, out), shape: aval.shape };
    }
    return aval;
  });
  if (differences.length > 0) throw carryError(staged.trace.name, differences, fixes[0]!);
  return changed ? promoted : null;
}

/** The values with which the loop begins. */
export function initialCarry(carried: Operands, { avals }: Carry): Tensor[] {
  return carried.leaves.map(({ value }, i) => cast(value, avals[i]!.dtype, avals[i]!.weak));
}

/** The values with which the body ends. */
export function nextCarry({ carry, staged }: TracedBody): (Tensor | Literal)[] {
  return withTrace(staged.trace, () => carry.values.map((value, i) => cast(value, carry.avals[i]!.dtype, carry.avals[i]!.weak)));
}

/** The final carry: a Variable that the body kept comes back itself with its last value, one it replaced as a fresh Variable. */
export function rebuildCarry(
  { leaves: returned, treedef }: Carry,
  carried: Operands,
  results: readonly Tensor[],
  written: ReadonlySet<Variable>,
): unknown {
  const outer = currentTrace();
  let next = 0;
  const total = returned.length + carried.statics.size;
  const leaves = Array.from({ length: total }, (_, place): unknown => {
    if (carried.statics.has(place)) return carried.statics.get(place);
    const i = next++;
    const leaf = returned[i];
    if (!(leaf instanceof Variable)) return results[i];
    if (leaf !== carried.leaves[i]!.variable) return adoptVariable(kindOf(leaf), results[i]!);
    if (written.has(leaf)) writeIn(outer, leaf, results[i]!);
    return leaf;
  });
  return unflatten(treedef, leaves);
}

export function zerosOf({ shape, dtype }: Aval): string {
  return `np.zeros(${showShape(shape)}, { dtype: '${dtype}' })`;
}

export function carryError(name: string, differences: readonly string[], fix: string): HeddleError {
  const list = differences.map((difference) => `\n  ${difference}`).join('');
  return userError('CARRY', `${name}: the carry that the body returns must have the type of the carry that it takes:${list}`, {
    fix,
  });
}
