/** State: the Variables of a module by path, sorted; a pytree whose children are the Variables. */
import { userError } from '../trace/user-error.ts';
import { registerNodeType } from '../tree.ts';
import type { Variable } from '../trace/variable.ts';
import { comparePaths, editDistance, joinPath, splitPath } from './paths.ts';
import type { VariableClass } from './variables.ts';
import { printsItself } from '../trace/printing.ts';

export class State<V extends Variable = Variable> {
  readonly #variables: ReadonlyMap<string, V>;

  /** Entries in any order; paths such as `layers/bn/scale`. */
  constructor(entries: Iterable<readonly [path: string, variable: V]> = []) {
    const parsed = [...entries].map(([path, variable]) => [splitPath(path), variable] as const);
    const sorted = parsed.sort(([a], [b]) => comparePaths(a, b));
    this.#variables = new Map(sorted.map(([path, variable]) => [joinPath(path), variable]));
  }

  /** All entries of several States; of two entries with one path the later State's wins. */
  static merge<V extends Variable>(...states: readonly State<V>[]): State<V> {
    return new State(states.flatMap((state) => [...state]));
  }

  get size(): number {
    return this.#variables.size;
  }

  has(path: string): boolean {
    return this.#variables.has(path);
  }

  /** @throws STATE_PATH for a path that is not there, with the nearest one that is. */
  get(path: string): V {
    const variable = this.#variables.get(path);
    if (variable !== undefined) return variable;
    const known = [...this.#variables.keys()];
    const list = known.length === 0 ? 'none' : known.map((other) => `'${other}'`).join(', ');
    const nearest = known.sort((one, other) => editDistance(path, one) - editDistance(path, other))[0];
    throw userError('STATE_PATH', `the State has no entry '${path}'; it has ${list}`, (nearest === undefined ? {} : { fix: `state.get('${nearest}')` }));
  }

  /** The entries whose Variable is an instance of the class, subclasses included; the same Variable objects. */
  extract<W extends V>(type: VariableClass<W>): State<W> {
    return new State([...this].filter((entry): entry is [string, W] => entry[1] instanceof type));
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
});

printsItself(State);
