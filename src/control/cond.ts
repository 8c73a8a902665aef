/** lax.cond and lax.switch: branches as one equation of the IR. */
import { userError } from '../trace/user-error.ts';
import { promote } from '../../compiler/dtype.ts';
import { Jaxpr, showAval } from '../../compiler/ir/jaxpr.ts';
import type { Aval, Literal, Var } from '../../compiler/ir/jaxpr.ts';
import { findPrimitive } from '../../compiler/primitives/index.ts';
import { sameShape, showShape } from '../../compiler/shape.ts';
import { runsStepByStep } from '../disable-jit.ts';
import { apply, bind, cast, located, operandOf } from '../trace/bind.ts';
import type { Operand } from '../trace/bind.ts';
import { calleeName } from '../trace/callee.ts';
import { SownSlot } from '../trace/sown.ts';
import { finish, orDrop, stage } from '../trace/stage.ts';
import type { Finished, Staged } from '../trace/stage.ts';
import { checkStructure } from '../trace/structure.ts';
import type { Tensor } from '../trace/tensor.ts';
import { currentTrace, withTrace } from '../trace/trace.ts';
import { Variable } from '../trace/variable.ts';
import { writeIn } from '../trace/write.ts';
import { flatten, treedefKey, unflatten } from '../tree.ts';
import type { Flattened } from '../tree.ts';
import { compare } from './differences.ts';
import { avalsOf, outputValue, readOperands, rebuildOperands } from './operands.ts';
import type { Operands } from './operands.ts';
import type { Traced } from './traced.ts';
import { freshVariables, leafKind, showLeaf } from './results.ts';
import { stepBranch } from './stepping.ts';
import { nameOf } from './writes.ts';

/**
 * `onTrue(...operands)` where `predicate` (a bool scalar) holds, else `onFalse(...operands)`. Both branches are traced; they must
 * return trees of one structure, shapes and dtypes. A Variable that either writes keeps its value in the other. The counterpart
 * of jax.lax.cond.
 *
 * @throws BRANCH when the branches differ, with one difference per path; SHAPE or DTYPE for a predicate that is no scalar.
 */
export function cond<const A extends readonly unknown[], R>(
  predicate: Operand,
  onTrue: (...operands: Traced<A>) => R,
  onFalse: (...operands: Traced<A>) => R,
  ...operands: A
): Traced<R> {
  return located(() => {
    for (const f of [onTrue, onFalse]) calleeName('lax.cond', f, 'lax.cond(p, (x) => x, (x) => x.neg(), x)');
    const test = operandOf(predicate);
    if (test.aval.shape.length !== 0 || test.aval.dtype === 'float32' || test.aval.dtype === 'float16') {
      throw userError('SHAPE', `cond: the predicate is ${showAval(test.aval)}, and must be a bool scalar`, {
        fix: 'lax.cond(np.any(mask), f, g, x), or np.where(mask, a, b) to choose per element',
      });
    }
    const truth = test.aval.dtype === 'bool' ? test : apply('ne', [test, cast(operandOf(0), test.aval.dtype)]);
    const index = apply('convert_element_type', [truth], { newDtype: 'int32', weakType: false });
    return branch('cond', index, [onFalse, onTrue], operands) as Traced<R>;
  });
}

/** `branches[index](...operands)`, the index clamped to the branches. The counterpart of jax.lax.switch. */
export function switchBranches<const A extends readonly unknown[], R>(
  index: Operand,
  branches: readonly ((...operands: Traced<A>) => R)[],
  ...operands: A
): Traced<R> {
  return located(() => {
    const position = operandOf(index);
    if (position.aval.shape.length !== 0 || (position.aval.dtype !== 'int32' && position.aval.dtype !== 'uint32')) {
      throw userError('DTYPE', `switch: the index is ${showAval(position.aval)}, and must be an integer scalar`, {
        fix: "lax.switch(i.astype('int32'), branches, x)",
      });
    }
    if (branches.length === 0) throw userError('VALUE', 'switch: there are no branches', { fix: 'lax.switch(i, [f, g], x)' });
    return branch('switch', cast(position, 'int32'), branches, operands) as Traced<R>;
  });
}

interface StagedBranch {
  readonly staged: Staged<unknown>;
  readonly output: Flattened;
  readonly values: readonly (Tensor | Literal | null)[];
}

function branch(
  name: string,
  index: Tensor | Literal,
  branches: readonly ((...operands: never[]) => unknown)[],
  args: readonly unknown[],
): unknown {
  const operands = readOperands(args, 'operands');
  if (runsStepByStep()) return stepBranch(name, index, branches, operands);
  const outer = currentTrace();
  const traced = branches.map((f, i) => traceBranch(`${name}(${f.name || `branch ${i}`})`, f, operands));
  const types = joinTypes(name, traced);
  const finished = traced.map(({ staged, values }) => {
    const typed = withTrace(staged.trace, () =>
      values.flatMap((value, i) => (value === null ? [] : [cast(value, types[i]!.dtype, types[i]!.weak)])),
    );
    return finish(staged, typed);
  });

  const written = [...new Set(finished.flatMap(({ writes }) => writes.map(({ variable }) => variable)))];
  checkSown(name, finished, written);
  const shared = sharedCaptures(finished, written);
  const jaxprs = finished.map((one) => closeBranch(one, shared, written));
  checkWrites(name, jaxprs, finished, written, operands);
  const inputs = [index, ...shared.map(({ outer: tensor }) => tensor), ...operands.leaves.map(({ value }) => value)];
  const results = bind(findPrimitive('cond')!, inputs, { branches: jaxprs });
  const count = finished[0]!.outputs.length;
  written.forEach((variable, i) => writeIn(outer, variable, results[count + i]!));
  return rebuild(traced, results);
}

function traceBranch(name: string, f: (...operands: never[]) => unknown, operands: Operands): StagedBranch {
  const staged = stage(name, avalsOf(operands), (tracers, trace): unknown =>
    f(...(rebuildOperands(operands, tracers, trace) as never[])),
  );
  return orDrop(staged.trace, () => {
    checkStructure(operands.snapshot, name);
    const output = flatten(staged.result, { root: 'output' });
    const values = withTrace(staged.trace, () => output.leaves.map((leaf) => outputValue(leaf, staged.trace)));
    return { staged, output, values };
  });
}

/** The common type of every output. @throws BRANCH listing each path at which the branches differ. */
function joinTypes(name: string, branches: readonly StagedBranch[]): (Aval | undefined)[] {
  const [first, ...rest] = branches as [StagedBranch, ...StagedBranch[]];
  const differences: string[] = [];
  let onlyDTypes = true;
  const types = first.values.map((value) => value?.aval);
  rest.forEach((other, number) => {
    const context = branches.length > 2 ? ` (branches 0 and ${number + 1})` : '';
    const differ = (line: string, inShape = true): void => {
      differences.push(line + context);
      if (inShape) onlyDTypes = false;
    };
    if (treedefKey(other.output.treedef) !== treedefKey(first.output.treedef)) {
      const found: string[] = [];
      compare(first.output.treedef, other.output.treedef, 'output', found);
      found.forEach((line) => differ(line));
      return;
    }
    other.values.forEach((value, i) => {
      const path = first.output.paths[i]!;
      const [left, right] = [first.output.leaves[i], other.output.leaves[i]];
      const [a, b] = [types[i], value?.aval];
      if (leafKind(left) !== leafKind(right)) differ(`${path}: ${showLeaf(left)} -> ${showLeaf(right)}`);
      if (leafKind(left) !== leafKind(right) || a === undefined || b === undefined) return;
      const joined = promote(a, b);
      const widens = (aval: Aval): boolean => !aval.weak && joined.dtype !== aval.dtype;
      const reshapes = !sameShape(a.shape, b.shape);
      if (reshapes || widens(a) || widens(b)) differ(`${path}: ${showAval(a)} -> ${showAval(b)}`, reshapes);
      else types[i] = { ...joined, shape: a.shape };
    });
  });
  if (differences.length === 0) return types;
  throw userError(
    'BRANCH',
    `${name}: the branches must return the same structure and types:${differences.map((line) => `\n  ${line}`).join('')}`,
    { fix: onlyDTypes ? "x.astype('float32') in one branch" : 'lax.cond(p, (x) => x, (x) => np.zerosLike(x), x)' },
  );
}

/** @throws BRANCH for a value that one branch sows and another does not. */
function checkSown(name: string, branches: readonly Finished[], written: readonly Variable[]): void {
  for (const slot of written.filter((variable) => variable instanceof SownSlot)) {
    const other = branches.find(({ writes }) => !writes.some(({ variable }) => variable === slot));
    if (other === undefined) continue;
    throw userError('BRANCH', `${name}: '${slot.label.path}' is sown, but not in ${other.trace.name}`, {
      fix: sowing(slot, 'lax.cond(p, f, g, x)'),
    });
  }
}

/** A line that sows a value under the name of this slot. */
function sowing({ label }: SownSlot, value: string): string {
  return `nnx.sow(${value}, '${label.path.split('/').at(-1)}')`;
}

interface SharedCapture {
  readonly outer: Tensor;
  readonly key: Tensor | Variable;
}

/** What any branch captures, and every Variable that any branch writes, once each. */
function sharedCaptures(branches: readonly Finished[], written: readonly Variable[]): SharedCapture[] {
  const shared = new Map<Tensor | Variable, SharedCapture>();
  for (const { trace, writes } of branches) {
    for (const variable of written) {
      if (!writes.some((write) => write.variable === variable)) trace.entryOf(variable);
    }
    for (const { outer, variable } of trace.captures) shared.set(variable ?? outer, { outer, key: variable ?? outer });
  }
  return [...shared.values()];
}

function closeBranch(branch: Finished, shared: readonly SharedCapture[], written: readonly Variable[]): Jaxpr {
  const own = new Map<Tensor | Variable, Var>(
    branch.trace.captures.map(({ variable, outer, input }) => [variable ?? outer, input]),
  );
  const inputs = shared.map(({ key, outer }) => own.get(key) ?? branch.trace.builder.newVar(outer.aval));
  const outputs = written.map((variable) => {
    const write = branch.writes.find((candidate) => candidate.variable === variable);
    return write?.value ?? own.get(variable)!;
  });
  return new Jaxpr([], [...inputs, ...branch.inputs], branch.trace.builder.equations, [...branch.outputs, ...outputs]);
}

/** @throws BRANCH for a Variable that is of one type after one branch, and of another after another. */
function checkWrites(
  name: string,
  jaxprs: readonly Jaxpr[],
  branches: readonly Finished[],
  written: readonly Variable[],
  operands: Operands,
): void {
  written.forEach((variable, i) => {
    const types = jaxprs.map(({ outputs }) => outputs[outputs.length - written.length + i]!.aval);
    const [first] = types as [Aval];
    const other = types.findIndex(({ dtype, shape }) => dtype !== first.dtype || !sameShape(shape, first.shape));
    if (other < 0) return;
    const after = (branch: number): string => `${showAval(types[branch]!)} after ${branches[branch]!.trace.name}`;
    const { dtype, shape } = types[other]!;
    const changed = dtype === first.dtype ? `x.reshape(${showShape(shape)})` : `x.astype('${dtype}')`;
    throw userError('BRANCH', `${name}: ${nameOf(variable, operands)} is ${after(0)} and ${after(other)}`, {
      fix: variable instanceof SownSlot ? sowing(variable, changed) : `variable.value = ${changed}`,
    });
  });
}

/** The results: a Variable that every branch returns comes back itself, where they return different ones a fresh one does. */
function rebuild(branches: readonly StagedBranch[], results: readonly Tensor[]): unknown {
  const [first] = branches as [StagedBranch];
  const fresh = freshVariables();
  let next = 0;
  const leaves = first.output.leaves.map((leaf, i): unknown => {
    if (first.values[i] === null) return leaf;
    const result = results[next++]!;
    if (!(leaf instanceof Variable)) return result;
    const returned = branches.map(({ output }) => output.leaves[i] as Variable);
    const isOne = returned.every((other) => other === leaf) && !first.staged.trace.created(leaf);
    return isOne ? leaf : fresh(returned, result);
  });
  return unflatten(first.output.treedef, leaves);
}
