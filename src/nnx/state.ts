/** State: the Variables of a module by path, sorted; a pytree whose children are the Variables. */
import { userError } from '../trace/user-error.ts';
import { registerNodeType } from '../tree.ts';
import { Variable } from '../trace/variable.ts';
import type { VariableValue } from '../trace/variable.ts';
import { divideAll, toPredicate } from './filters.ts';
import type { Filter } from './filters.ts';
import { comparePaths, nearestName, joinPath, splitPath } from './paths.ts';
import type { Divided, EntryAt, Filtered, KindIn, ModuleIn, PathIn } from './state-types.ts';
import type { VariableClass } from './variables.ts';
import { printsItself } from '../trace/printing.ts';

export interface State<M = unknown, V extends Variable = Variable> {
  // A method, whose parameter may be of a wider or a narrower type: State is assignable to State<M>, and the other way round.
  __of?(model: M): V;
}

/**
 * The Variables of an `M`, all of kind `V`. With the module's type, paths and kinds are known: `state.get('layers/bn/bias')`
 * is a Param, and a path that is not there does not compile. `State` alone takes any path.
 */
export class State<M = unknown, V extends Variable = Variable> {
  readonly #variables: ReadonlyMap<string, V>;

  /** Entries in any order; paths such as `layers/bn/scale`. */
  constructor(entries: Iterable<readonly [path: string, variable: V]> = []) {
    const parsed = [...entries].map(([path, variable]) => [splitPath(path), variable] as const);
    const sorted = parsed.sort(([a], [b]) => comparePaths(a, b));
    this.#variables = new Map(sorted.map(([path, variable]) => [joinPath(path), variable]));
  }

  /** All entries of several States; of two entries with one path the later State's wins. flax.nnx.merge_state. */
  static merge<const S extends readonly State[]>(...states: S): State<ModuleIn<S[number]>, KindIn<S[number]>> {
    return new State(states.flatMap((state) => [...state] as [string, KindIn<S[number]>][]));
  }

  get size(): number {
    return this.#variables.size;
  }

  has(path: string): boolean {
    return this.#variables.has(path);
  }

  // This method and those below are typed by their receiver, so that a State of a module is assignable to State.
  /** Any path that is no literal is taken. @throws STATE_PATH for a path that is not there, with the nearest one that is. */
  get<S, const P extends string>(this: S, path: string extends P ? P : P extends PathIn<S> ? P : PathIn<S>): EntryAt<S, P>;
  get(path: string): Variable {
    const variable = this.#variables.get(path);
    if (variable !== undefined) return variable;
    const known = [...this.#variables.keys()];
    const list = known.length === 0 ? 'none' : known.map((other) => `'${other}'`).join(', ');
    const nearest = nearestName(path, known);
    throw userError('STATE_PATH', `the State has no entry '${path}'; it has ${list}`, (nearest === undefined ? {} : { fix: `state.get('${nearest}')` }));
  }

  /** The entries whose Variable is an instance of the class, subclasses included; the same Variable objects. */
  extract<W extends V>(type: VariableClass<W>): State<M, W> {
    return new State([...this].filter((entry): entry is [string, W] => entry[1] instanceof type));
  }

  /** The entries that the filter chooses; the same Variable objects. flax.nnx.filter_state. */
  filter<S, const F extends Filter>(this: S, filter: F): Filtered<S, F>;
  filter(filter: Filter): State {
    const chooses = toPredicate(filter);
    return new State([...this].filter(([path, variable]) => chooses(path, variable)));
  }

  /**
   * A State for each filter, with the entries that it is the first to choose. flax.nnx.split_state.
   *
   * @throws VALUE when some entries are chosen by none, or when a filter that takes all is not the last.
   */
  split<S, const F extends readonly Filter[]>(this: S, ...filters: F): Divided<ModuleIn<S>, F, KindIn<S>>;
  split(...filters: readonly Filter[]): unknown {
    return divideAll('state.split', this, filters).map((entries) => new State(entries));
  }

  /** A State of the same paths: `f` gives the values of new Variables of the same classes, or Variables. flax.nnx.map_state. */
  map<R extends VariableValue | Variable>(f: (path: string, variable: V) => R): State<M, R extends Variable ? R : V> {
    const entries = [...this].map(([path, variable]) => {
      const result = f(path, variable);
      return [path, result instanceof Variable ? result : variable.with(result as VariableValue)] as const;
    });
    return new State(entries as [string, R extends Variable ? R : V][]);
  }

  /** The entries with paths that the other State lacks. */
  diff(other: State): State<M, V> {
    return new State([...this].filter(([path]) => !other.has(path)));
  }

  keys(): IterableIterator<string> {
    return this.#variables.keys();
  }

  values(): IterableIterator<V> {
    return this.#variables.values();
  }

  entries(): IterableIterator<[string, V]> {
    return this.#variables.entries();
  }

  [Symbol.iterator](): IterableIterator<[string, V]> {
    return this.entries();
  }

  toJSON(): Record<string, string> {
    return Object.fromEntries([...this].map(([path, variable]) => [path, variable.toString()]));
  }

  toString(): string {
    if (this.size === 0) return 'State({})';
    return `State({\n${[...this].map(([path, variable]) => `  '${path}': ${variable.toString()}`).join(',\n')}\n})`;
  }
}

registerNodeType<State, readonly string[]>({
  name: 'State',
  matches: (value): value is State => value instanceof State,
  flatten: (state) => ({
    children: [...state].map(([path, variable]) => [`get('${path}')`, variable] as const),
    aux: [...state.keys()],
  }),
  unflatten: (paths, children) => new State(paths.map((path, i) => [path, children[i] as Variable] as const)),
  key: (paths) => JSON.stringify(paths),
  statePaths: (paths) => paths,
});

printsItself(State);
