/** State in loops: the Variables that a body writes become carries, after those of the caller. */
import { showAval } from '../../compiler/ir/jaxpr.ts';
import type { Atom, Var } from '../../compiler/ir/jaxpr.ts';
import { sameShape } from '../../compiler/shape.ts';
import { nameVariable } from '../trace/naming.ts';
import { typeName } from '../trace/printing.ts';
import type { Finished } from '../trace/stage.ts';
import type { Tensor } from '../trace/tensor.ts';
import type { Capture } from '../trace/trace.ts';
import { userError } from '../trace/user-error.ts';
import type { Variable } from '../trace/variable.ts';
import { carryError, zerosOf } from './carry.ts';
import type { Carry } from './carry.ts';
import type { Operands } from './operands.ts';

export interface CarriedWrites {
  readonly variables: readonly Variable[];
  /** Their values at entry. */
  readonly entries: readonly Capture[];
  /** Their values after the body. */
  readonly values: readonly Atom[];
  /** What else the body captures: the same in every step. */
  readonly consts: readonly Capture[];
}

/**
 * What the body writes, but for Variables that are carries already, and those whose values of all steps are `stacked`.
 *
 * @throws CARRY when a write changes the type of a Variable, STATE_WRITE when a carried one was written and not returned.
 */
export function carriedWrites(
  { trace, writes }: Finished,
  carry: Carry,
  carried: Operands,
  stacked: ReadonlySet<Variable> = new Set(),
): CarriedWrites {
  const given = new Set(carried.leaves.map(({ variable }) => variable));
  const further = writes.filter(({ variable }) => !stacked.has(variable) && !given.has(variable));
  const changed = further.flatMap(({ variable, value }) => {
    const before = trace.entryOf(variable).input.aval;
    const same = before.dtype === value.aval.dtype && sameShape(before.shape, value.aval.shape);
    return same ? [] : [{ variable, before, after: value.aval }];
  });
  const [first] = changed;
  if (first !== undefined) {
    const differences = changed.map(
      ({ variable, before, after }) => `${nameOf(variable, carried)}: ${showAval(before)} -> ${showAval(after)}`,
    );
    throw carryError(trace.name, differences, `new ${typeName(first.variable.constructor)}(${zerosOf(first.after)})`);
  }
  carried.leaves.forEach(({ variable, path }, i) => {
    if (variable === null || carry.leaves[i] === variable || !writes.some((write) => write.variable === variable)) return;
    throw userError('STATE_WRITE', `${trace.name}: ${path} was written, and the body returned another Variable in its place`, {
      fix: 'return the Variable that was given, or do not write it',
    });
  });
  const variables = further.map(({ variable }) => variable);
  const entries = variables.map((variable) => trace.entryOf(variable));
  const consts = trace.captures.filter((capture) => !entries.includes(capture));
  return { variables, entries, values: further.map(({ value }) => value), consts };
}

export function inputsOf(captures: readonly Capture[]): Var[] {
  return captures.map(({ input }) => input);
}

export function outersOf(captures: readonly Capture[]): Tensor[] {
  return captures.map(({ outer }) => outer);
}

/** A Variable in messages. */
export function nameOf(variable: Variable, operands: Operands): string {
  return nameVariable(variable, operands.leaves.find((leaf) => leaf.variable === variable)?.path);
}

/** @throws ALIASING when one Variable is reached in two places. */
export function checkRoles(name: string, ...operands: readonly Operands[]): void {
  const roles = new Map<Variable, string>();
  for (const { variable, path } of operands.flatMap(({ leaves }) => leaves)) {
    if (variable === null) continue;
    const other = roles.get(variable);
    if (other !== undefined) {
      throw userError('ALIASING', `${name}: one ${typeName(variable.constructor)} is reached at ${other} and at ${path}`, {
        fix: 'pass it once, or nnx.clone(model) for one place',
      });
    }
    roles.set(variable, path);
  }
}
