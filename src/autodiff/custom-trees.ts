/** Tangents and cotangents in the rules of custom derivatives: trees like arguments and outputs, in which null is zero. */
import { isFloat } from '../../compiler/dtype.ts';
import { HeddleError } from '../../compiler/errors.ts';
import { showAval } from '../../compiler/ir/jaxpr.ts';
import type { Aval } from '../../compiler/ir/jaxpr.ts';
import { State } from '../nnx/state.ts';
import { cast, tensorOf } from '../trace/bind.ts';
import { describeValue } from '../trace/literal.ts';
import { buildOutputs } from '../trace/outputs.ts';
import { Tensor } from '../trace/tensor.ts';
import { userError } from '../trace/user-error.ts';
import { Variable, adoptVariable, derivativeKind } from '../trace/variable.ts';
import { unflatten } from '../tree.ts';
import type { TreeDef } from '../tree.ts';
import { besideLeaves, besideVariables } from './beside.ts';
import type { Beside, Names } from './beside.ts';
import { ruleError, sameType } from './custom-parts.ts';
import type { CustomCall } from './custom-parts.ts';
import { isHolder, readLeaves, variablesOf } from './leaves.ts';
import { zerosOf } from './beside.ts';

/** An argument: its leaves, modules and States among them, with their places among the traced leaves (-1: static). */
export interface ArgumentTree {
  readonly treedef: TreeDef;
  readonly leaves: readonly { readonly value: unknown; readonly places: readonly number[] }[];
}

export function argumentTrees({ args, inputs }: CustomCall): ArgumentTree[] {
  let next = 0;
  return args.map((arg) => {
    const { leaves, treedef } = readLeaves(arg, '');
    const placed = leaves.map((value) => {
      const count = isHolder(value) ? variablesOf(value).size : 1;
      next += count;
      return { value, places: inputs.places.slice(next - count, next) };
    });
    return { treedef, leaves: placed };
  });
}

/** A tree like the argument. `at` gives null for what has no derivative. */
export function treeBeside({ treedef, leaves }: ArgumentTree, at: (place: number) => Tensor | null): unknown {
  const built = leaves.map(({ value, places }) => {
    if (!isHolder(value)) return places[0]! < 0 ? null : at(places[0]!);
    const entries = [...variablesOf(value)].flatMap(([path, variable], i) => {
      const tensor = at(places[i]!);
      return tensor === null ? [] : [[path, adoptVariable(derivativeKind(variable), tensor)] as const];
    });
    return new State(entries);
  });
  return unflatten(treedef, built);
}

/** What `given`, an array with a tree like each argument or null, holds for each place. @throws CUSTOM_RULE */
export function readBesideArguments(names: Names, trees: readonly ArgumentTree[], given: unknown): Map<number, Beside> {
  const parts = Array.isArray(given) ? (given as readonly unknown[]) : [];
  const said = trees.map((tree, i) => (parts[i] === null ? { treedef: LEAF, leaves: [] } : tree));
  return asRule(names, () => {
    const found = besideLeaves(names, { kind: 'array', children: said.map(({ treedef }) => treedef) }, given);
    let next = 0;
    const beside = said.flatMap(({ treedef, leaves }) => {
      if (treedef === LEAF) next++;
      return leaves.flatMap(({ value, places }) => {
        const one = found[next++]!;
        const all = isHolder(value) ? besideVariables(names, value, one) : [one];
        return all.map((each, i) => [places[i]!, each] as const);
      });
    });
    return new Map(beside.filter(([place, { value }]) => place >= 0 && value !== null));
  });
}

const LEAF: TreeDef = { kind: 'leaf' };

/** A tree like what the function returns, with these tensors for its floats. */
export function treeBesideOutputs({ plan, outputs, inputs }: CustomCall, tensors: readonly Tensor[]): unknown {
  let next = 0;
  const results = outputs.slice(0, plan.count).map((aval) => (isFloat(aval.dtype) ? tensors[next++]! : zerosOf(aval)));
  const leaves = plan.leaves.map((leaf) => {
    const isComputed = leaf.kind === 'result' || leaf.kind === 'fresh';
    return isComputed && isFloat(outputs[leaf.index]!.dtype) ? leaf : ({ kind: 'static', value: null } as const);
  });
  return buildOutputs({ ...plan, leaves }, results, inputs);
}

/** What `given`, a tree like what the function returns, holds for each of its floats. @throws CUSTOM_RULE */
export function readBesideOutputs(names: Names, { plan, outputs }: CustomCall, given: unknown): Tensor[] {
  const found = asRule(names, () => besideLeaves(names, plan.treedef, given));
  const beside = new Map<number, Beside>();
  plan.leaves.forEach((leaf, i) => {
    if (leaf.kind === 'result' || leaf.kind === 'fresh') beside.set(leaf.index, found[i]!);
  });
  return readTensors(names, outputs.slice(0, plan.count), beside);
}

/** A tensor for every float of `avals`, zero where nothing stands beside it. @throws CUSTOM_RULE with a line for each other type. */
export function readTensors(names: Names, avals: readonly Aval[], beside: ReadonlyMap<number, Beside>): Tensor[] {
  const differences: string[] = [];
  const tensors = avals.flatMap((aval, i): Tensor[] => {
    const { value = null, path = '' } = beside.get(i) ?? {};
    if (!isFloat(aval.dtype)) {
      if (value !== null) differences.push(`${path}: ${describe(value)}, where ${showAval(aval)} has none: null`);
      return [];
    }
    if (value === null) return [zerosOf(aval)];
    if (!isTensorLike(value)) {
      differences.push(`${path}: ${describe(value)} -> ${showAval(aval)}`);
      return [];
    }
    const tensor = tensorOf(value);
    if (!sameType(tensor.aval, aval)) differences.push(`${path}: ${showAval(tensor.aval)} -> ${showAval(aval)}`);
    return [cast(tensor, aval.dtype, aval.weak) as Tensor];
  });
  if (differences.length === 0) return tensors;
  throw ruleError(`${names.call}: the ${names.beside} must have the types of the ${names.tree}`, differences, names.fix);
}

function isTensorLike(value: unknown): boolean {
  return value instanceof Tensor || value instanceof Variable || typeof value === 'number' || ArrayBuffer.isView(value);
}

function describe(value: unknown): string {
  return value instanceof Tensor ? showAval(value.aval) : describeValue(value);
}

/** Differences in structure are faults of the rule. */
function asRule<T>({ fix }: Names, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof HeddleError) || error.code !== 'PYTREE') throw error;
    throw userError('CUSTOM_RULE', error.problem, { fix, cause: error });
  }
}
