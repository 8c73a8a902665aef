/** Loops and branches under disableJit: their functions are called with concrete tensors, step after step. */
import { Literal } from '../../compiler/ir/jaxpr.ts';
import { sameShape } from '../../compiler/shape.ts';
import { apply } from '../trace/bind.ts';
import { interceptingSown, sowIn } from '../trace/sown.ts';
import type { Sown } from '../trace/sown.ts';
import type { Tensor } from '../trace/tensor.ts';
import { userError } from '../trace/user-error.ts';
import { Variable, adoptVariable, kindOf } from '../trace/variable.ts';
import { flatten, treedefKey, unflatten } from '../tree.ts';
import { carryError } from './carry.ts';
import { describeDifferences } from './differences.ts';
import type { Loop } from './loop.ts';
import { isOperand, operandTensor, readOperands } from './operands.ts';
import type { Operands } from './operands.ts';
import type { While } from './while.ts';
import { checkRoles } from './writes.ts';

/**
 * The final carry and the stacked ys of a loop of at least one step. A Variable of xs holds its slice during each. @throws CARRY
 */
export function stepLoop({ name, carried, mapped, length, reverse, step, parts, fix }: Loop): [carry: unknown, ys: unknown] {
  checkRoles(name, carried, mapped);
  // A Variable gives up its value when it gets another.
  const xs = mapped.leaves.map(({ value, variable }) => (variable === null ? value : value.alias()));
  const sliced = new SlicedVariables(mapped, xs);
  let carry = treeOf(carried, carried.leaves.map(({ value }) => value));
  let before = carried;
  const ys: unknown[] = [];
  const sown: Sown[][] = [];
  try {
    for (let k = 0; k < length; k++) {
      const position = reverse ? length - 1 - k : k;
      const slices = xs.map((x) => sliceAt(x, position));
      sliced.enter(slices);
      const row: Sown[] = [];
      const [next, y] = parts(interceptingSown((each) => row.push(each), () => step(carry, treeOf(mapped, slices))));
      sliced.leave(slices);
      before = nextOperands(name, before, next, fix);
      carry = asTensors(next);
      ys.push(asTensors(y));
      sown.push(row);
    }
  } catch (error) {
    sliced.restore();
    throw error;
  }
  if (reverse) for (const rows of [ys, sown]) rows.reverse();
  sowStacked(name, sown);
  sliced.finish(reverse);
  return [carry, stackTrees(ys, sliced)];
}

/** The final carry. @throws CARRY, and UNSUPPORTED for a condition whose value is not on the host. */
export function stepWhile({ name, carried, cond, body, maxIterations }: While): unknown {
  checkRoles(name, carried);
  let carry = treeOf(carried, carried.leaves.map(({ value }) => value));
  let before = carried;
  for (let k = 0; k !== maxIterations && elementNow(`the condition of ${name}`, cond(carry)) !== 0; k++) {
    const next = body(carry);
    before = nextOperands(name, before, next, 'return { ...carry, x }');
    carry = asTensors(next);
  }
  return carry;
}

/** What the branch with this number gives. */
export function stepBranch(
  name: string,
  index: Tensor | Literal,
  branches: readonly ((...operands: never[]) => unknown)[],
  operands: Operands,
): unknown {
  const chosen = index instanceof Literal ? index.value : elementNow(`the index of ${name}`, index);
  const number = Math.min(Math.max(chosen, 0), branches.length - 1);
  const args = treeOf(operands, operands.leaves.map(({ value }) => value)) as never[];
  return asTensors(branches[number]!(...args));
}

/** The element of a scalar that is on the host. */
function elementNow(what: string, value: unknown): number {
  const tensor = operandTensor(value instanceof Variable ? value.value : (value as Tensor | number | boolean), null);
  const data = tensor.size === 1 ? tensor.storage(what).hostData?.data : undefined;
  if (data !== undefined) return data[0]!;
  throw userError('UNSUPPORTED', `disableJit: ${what} is ${tensor.describe()} and must be a scalar on the host`, {
    fix: 'const x = await y.to(cpu); disableJit(() => f(x))',
  });
}

/** The tree with these values in the place of its tensors; Variables stay. */
function treeOf(operands: Operands, values: readonly Tensor[]): unknown {
  let next = 0;
  const { leaves, treedef } = operands.snapshot;
  const filled = leaves.map((leaf, place): unknown => {
    if (operands.statics.has(place)) return leaf;
    const i = next++;
    return operands.leaves[i]!.variable ?? values[i];
  });
  return unflatten(treedef, filled);
}

/** The tree with tensors in the place of its numbers and typed arrays. */
function asTensors(tree: unknown): unknown {
  const { leaves, treedef } = flatten(tree, { root: 'output' });
  const isStatic = (leaf: unknown): boolean => leaf instanceof Variable || !isOperand(leaf);
  return unflatten(treedef, leaves.map((leaf) => (isStatic(leaf) ? leaf : operandTensor(leaf as Tensor, null))));
}

/** What the body returned for its carry. @throws CARRY when its structure or a type is another than before. */
function nextOperands(name: string, before: Operands, next: unknown, fix: string): Operands {
  const after = readOperands(next, 'carry');
  const sameTree = treedefKey(after.snapshot.treedef) === treedefKey(before.snapshot.treedef);
  const changed = !sameTree || after.leaves.some(({ value: { aval } }, i) => {
    const was = before.leaves[i]?.value.aval;
    return was === undefined || !sameShape(aval.shape, was.shape) || (aval.dtype !== was.dtype && !was.weak && !aval.weak);
  });
  if (changed) throw carryError(name, describeDifferences(before, flatten(asTensors(next), { root: 'carry' })), fix);
  return after;
}

function sliceAt(x: Tensor, position: number): Tensor {
  const startIndices = x.shape.map((_, axis) => (axis === 0 ? position : 0));
  const limitIndices = x.shape.map((extent, axis) => (axis === 0 ? position + 1 : extent));
  const slice = apply('slice', [x], { startIndices, limitIndices, strides: x.shape.map(() => 1) });
  return apply('reshape', [slice], { newSizes: x.shape.slice(1) });
}

function stack(rows: readonly Tensor[]): Tensor {
  const extended = rows.map((row) => apply('reshape', [row], { newSizes: [1, ...row.shape] }));
  return apply('concatenate', extended, { dimension: 0 });
}

/** What every step sowed, as one. @throws BRANCH where steps differ in it. */
function sowStacked(name: string, steps: readonly (readonly Sown[])[]): void {
  const paths = steps.map((row) => row.map(({ label }) => label.path).join(', '));
  const other = paths.find((path) => path !== paths[0]);
  if (other !== undefined) {
    const problem = `${name}: a step sows ${paths[0] || 'nothing'} and another one ${other || 'nothing'}`;
    throw userError('BRANCH', problem, { fix: "nnx.sow(np.where(p, x, 0), 'h') // in every step" });
  }
  steps[0]!.forEach(({ label }, i) => sowIn(null, { label, value: stack(steps.map((row) => row[i]!.value)) }));
}

/** The trees of all steps as one; a Variable of xs comes back itself, another as a fresh one with its values after each step. */
function stackTrees(trees: readonly unknown[], sliced: SlicedVariables): unknown {
  const steps = trees.map((tree) => flatten(tree, { root: 'y' }));
  const leaves = steps[0]!.leaves.map((first, place): unknown => {
    if (!isOperand(first) || (first instanceof Variable && sliced.has(first))) return first;
    const rows = steps.map(({ leaves: { [place]: leaf } }) => (leaf instanceof Variable ? leaf.value : (leaf as Tensor)));
    return first instanceof Variable ? adoptVariable(kindOf(first), stack(rows)) : stack(rows);
  });
  return unflatten(steps[0]!.treedef, leaves);
}

interface SlicedVariable {
  readonly variable: Variable;
  /** Its number among xs. */
  readonly place: number;
  readonly whole: Tensor;
  /** Its values after the steps. */
  readonly rows: Tensor[];
}

/** The Variables among xs: slices while a step runs, whole before and after. */
class SlicedVariables {
  readonly #entries: readonly SlicedVariable[];
  #written = false;

  constructor(mapped: Operands, xs: readonly Tensor[]) {
    this.#entries = mapped.leaves.flatMap(({ variable }, place) =>
      variable === null ? [] : [{ variable, place, whole: xs[place]!, rows: [] }],
    );
  }

  has(variable: Variable): boolean {
    return this.#entries.some((entry) => entry.variable === variable);
  }

  enter(slices: readonly Tensor[]): void {
    for (const { variable, place } of this.#entries) variable.rawValue = slices[place]!;
  }

  leave(slices: readonly Tensor[]): void {
    for (const { variable, place, rows } of this.#entries) {
      const row = variable.rawValue;
      this.#written ||= row.storage('xs') !== slices[place]!.storage('xs');
      rows.push(row);
    }
  }

  /** Variables that no step wrote get their old value, the others what they held after each step. */
  finish(reverse: boolean): void {
    if (!this.#written) return this.restore();
    for (const { variable, rows } of this.#entries) variable.rawValue = stack(reverse ? rows.toReversed() : rows);
  }

  restore(): void {
    for (const { variable, whole } of this.#entries) variable.rawValue = whole;
  }
}
