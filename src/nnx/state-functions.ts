/** Functions of States, to and from objects of tensors among them. The counterparts of flax.nnx.statelib. */
import { userError } from '../trace/user-error.ts';
import { Tensor } from '../trace/tensor.ts';
import { divide } from './filters.ts';
import type { Filter } from './filters.ts';
import { oneOrEach } from './functional.ts';
import { joinPath, setAt, splitPath } from './paths.ts';
import type { PathPart } from './paths.ts';
import { State } from './state.ts';
import type { Divided, KindIn, ModuleIn, OneOrEach } from './state-types.ts';

/** Tensors in objects within objects, a level for each part of a path. */
export interface PureDict {
  [part: string]: Tensor | PureDict;
}

/** The values of a State: `{ layers: { 0: { kernel, bias } } }`. */
export function toPureDict(state: State): PureDict {
  const dict: PureDict = {};
  for (const [path, { rawValue }] of state) setAt(dict, splitPath(path), rawValue);
  return dict;
}

/**
 * Writes the tensors into the Variables of the State; paths that are not in the object keep their values.
 *
 * @throws STATE_PATH for a path that the State lacks; then nothing is written.
 */
export function replaceByPureDict(state: State, dict: PureDict): void {
  const writes = [...leavesOf(dict, [])].map(([path, value]) => [state.get(path), value] as const);
  for (const [variable, value] of writes) variable.rawValue = value;
}

function* leavesOf(dict: PureDict, path: readonly PathPart[]): Generator<[path: string, value: Tensor]> {
  for (const [part, value] of Object.entries(dict)) {
    const here = [...path, part];
    if (value instanceof Tensor) yield [joinPath(here), value];
    else if (typeof value === 'object' && value !== null) yield* leavesOf(value, here);
    else throw userError('PYTREE', `replaceByPureDict: ${joinPath(here)} is no tensor`, { fix: 'np.array(value)' });
  }
}

/** What several filters are the first to choose of a State; the rest is left out. flax.nnx.filter_state. */
export function filterState<S extends State, const F extends readonly [Filter, ...Filter[]]>(
  state: S,
  ...filters: F
): OneOrEach<Divided<ModuleIn<S>, F, KindIn<S>>> {
  const groups = divide('nnx.filterState', state, filters).slice(0, -1);
  return oneOrEach(groups.map((entries) => new State(entries))) as OneOrEach<Divided<ModuleIn<S>, F, KindIn<S>>>;
}

/** A State for each filter; every entry must be chosen. flax.nnx.split_state. */
export function splitState<S extends State, const F extends readonly Filter[]>(
  state: S,
  ...filters: F
): Divided<ModuleIn<S>, F, KindIn<S>> {
  return state.split(...filters) as unknown as Divided<ModuleIn<S>, F, KindIn<S>>;
}

/** All entries of several States; of two entries with one path the later State's wins. flax.nnx.merge_state. */
export function mergeState<const S extends readonly State[]>(...states: S): State<ModuleIn<S[number]>, KindIn<S[number]>> {
  return State.merge(...states);
}
