/** lax.cond and lax.switch: branches as one equation of the IR. */
import { userError } from '../trace/user-error.ts';
import { promote } from '../../compiler/dtype.ts';
import { Jaxpr, showAval } from '../../compiler/ir/jaxpr.ts';
import type { Aval, Literal, Var } from '../../compiler/ir/jaxpr.ts';
import { findPrimitive } from '../../compiler/primitives/index.ts';
import { sameShape } from '../../compiler/shape.ts';
import { apply, bind, cast, located, operandOf } from '../trace/bind.ts';
import type { Operand } from '../trace/bind.ts';
import { finish, stage } from '../trace/stage.ts';
import type { Finished, Staged } from '../trace/stage.ts';
import type { Tensor } from '../trace/tensor.ts';
import { currentTrace, withTrace, writeIn } from '../trace/trace.ts';
import { Variable } from '../trace/variable.ts';
import { flatten, keyText, treedefKey, unflatten } from '../tree.ts';
import type { Flattened } from '../tree.ts';
import { compare, showLeaf } from './differences.ts';
import { avalsOf, outputValue, readOperands, rebuildOperands } from './operands.ts';
import type { Operands } from './operands.ts';

/**
 * `onTrue(...operands)` where `predicate` (a bool scalar) holds, else `onFalse(...operands)`. Both branches are traced; they must
 * return trees of one structure, shapes and dtypes. A Variable that either writes keeps its value in the other. The counterpart
 * of jax.lax.cond.
 *
 * @throws BRANCH when the branches differ, with one difference per path; SHAPE or DTYPE for a predicate that is no scalar.
 */
export function cond<A extends unknown[], R>(
  predicate: Operand,
  onTrue: (...operands: A) => R,
  onFalse: (...operands: A) => R,
  ...operands: A
): R {
  return located(() => {
    const test = operandOf(predicate);
    if (test.aval.shape.length !== 0 || test.aval.dtype === 'float32' || test.aval.dtype === 'float16') {
      throw userError('SHAPE', `cond: the predicate is ${showAval(test.aval)}, and must be a bool scalar`, {
        fix: 'lax.cond(np.any(mask), f, g, x), or np.where(mask, a, b) to choose per element',
      });
    }
    const truth = test.aval.dtype === 'bool' ? test : apply('ne', [test, cast(operandOf(0), test.aval.dtype)]);
    const index = apply('convert_element_type', [truth], { newDtype: 'int32', weakType: false });
    return branch('cond', index, [onFalse, onTrue], operands) as R;
  });
}

/** `branches[index](...operands)`, the index clamped to the branches. The counterpart of jax.lax.switch. */
export function switchBranches<A extends unknown[], R>(
  index: Operand,
  branches: readonly ((...operands: A) => R)[],
  ...operands: A
): R {
  return located(() => {
    const position = operandOf(index);
    if (position.aval.shape.length !== 0 || (position.aval.dtype !== 'int32' && position.aval.dtype !== 'uint32')) {
      throw userError('DTYPE', `switch: the index is ${showAval(position.aval)}, and must be an integer scalar`, {
        fix: "lax.switch(i.astype('int32'), branches, x)",
      });
    }
    if (branches.length === 0) throw userError('VALUE', 'switch: there are no branches', { fix: 'lax.switch(i, [f, g], x)' });
    return branch('switch', cast(position, 'int32'), branches, operands) as R;
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
  const shared = sharedCaptures(finished, written);
  const jaxprs = finished.map((one) => closeBranch(name, one, shared, written));
  const inputs = [index, ...shared.map(({ outer: tensor }) => tensor), ...operands.leaves.map(({ value }) => value)];
  const results = bind(findPrimitive('cond')!, inputs, { branches: jaxprs });
  const count = finished[0]!.outputs.length;
  written.forEach((variable, i) => writeIn(outer, variable, results[count + i]!));
  return rebuild(traced[0]!, results);
}

function traceBranch(name: string, f: (...operands: never[]) => unknown, operands: Operands): StagedBranch {
  const staged = stage(name, avalsOf(operands), (tracers, trace): unknown =>
    f(...(rebuildOperands(operands, tracers, trace) as never[])),
  );
  const output = flatten(staged.result, { root: 'output' });
  const values = withTrace(staged.trace, () => output.leaves.map((leaf) => outputValue(leaf, staged.trace)));
  return { staged, output, values };
}

/** The common type of every output. @throws BRANCH listing each path at which the branches differ. */
function joinTypes(name: string, branches: readonly StagedBranch[]): (Aval | undefined)[] {
  const [first, ...rest] = branches as [StagedBranch, ...StagedBranch[]];
  const differences: string[] = [];
  const types = first.values.map((value) => value?.aval);
  rest.forEach((other, number) => {
    const context = branches.length > 2 ? ` (branches 0 and ${number + 1})` : '';
    if (treedefKey(other.output.treedef) !== treedefKey(first.output.treedef)) {
      const found: string[] = [];
      compare(first.output.treedef, other.output.treedef, 'output', found);
      differences.push(...found.map((line) => line + context));
      return;
    }
    other.values.forEach((value, i) => {
      const path = first.output.paths[i]!;
      const [a, b] = [types[i], value?.aval];
      if (a === undefined || b === undefined) {
        const [left, right] = [first.output.leaves[i], other.output.leaves[i]];
        if (a !== b || keyText(left) !== keyText(right))
          differences.push(`${path}: ${showLeaf(left)} -> ${showLeaf(right)}${context}`);
        return;
      }
      const joined = promote(a, b);
      const widens = (aval: Aval): boolean => !aval.weak && joined.dtype !== aval.dtype;
      if (!sameShape(a.shape, b.shape) || widens(a) || widens(b))
        differences.push(`${path}: ${showAval(a)} -> ${showAval(b)}${context}`);
      else types[i] = { ...joined, shape: a.shape };
    });
  });
  if (differences.length === 0) return types;
  throw userError(
    'BRANCH',
    `${name}: the branches must return the same structure and types:${differences.map((line) => `\n  ${line}`).join('')}`,
    { fix: "x.astype('float32') in one branch" },
  );
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

function closeBranch(name: string, branch: Finished, shared: readonly SharedCapture[], written: readonly Variable[]): Jaxpr {
  const own = new Map<Tensor | Variable, Var>(
    branch.trace.captures.map(({ variable, outer, input }) => [variable ?? outer, input]),
  );
  const inputs = shared.map(({ key, outer }) => own.get(key) ?? branch.trace.builder.newVar(outer.aval));
  const outputs = written.map((variable) => {
    const write = branch.writes.find((candidate) => candidate.variable === variable);
    return write?.value ?? own.get(variable)!;
  });
  written.forEach((variable, i) => {
    const before = shared.find(({ key }) => key === variable)?.outer.aval;
    const after = outputs[i]!.aval;
    if (before !== undefined && (before.dtype !== after.dtype || !sameShape(before.shape, after.shape))) {
      throw userError(
        'BRANCH',
        `${name}: the ${variable.constructor.name} written in ${branch.trace.name} changes from ${showAval(before)} to ${showAval(after)}`,
        {
          fix: 'write values of one type in every branch',
        },
      );
    }
  });
  return new Jaxpr([], [...inputs, ...branch.inputs], branch.trace.builder.equations, [...branch.outputs, ...outputs]);
}

function rebuild(first: StagedBranch, results: readonly Tensor[]): unknown {
  let next = 0;
  const leaves = first.output.leaves.map((leaf, i): unknown => {
    if (first.values[i] === null) return leaf;
    const result = results[next++]!;
    return leaf instanceof Variable && first.staged.trace.created(leaf)
      ? leaf.with(result)
      : leaf instanceof Variable
        ? leaf
        : result;
  });
  return unflatten(first.output.treedef, leaves);
}
