/** Splits or forks the random streams inside of a model in place, for a while. */
import { split as splitKey } from '../random/index.ts';
import { calleeName } from '../trace/callee.ts';
import { rejectPromise } from '../trace/promise.ts';
import type { Tensor } from '../trace/tensor.ts';
import { flatten } from '../tree.ts';
import { pathsOfLeaves } from '../leaf-paths.ts';
import { readOptions } from '../options.ts';
import { toPredicate } from './filters.ts';
import type { Filter } from './filters.ts';
import { RngStream, zeroCounts } from './rng-stream.ts';
import type { SplitShape } from './rng-stream.ts';
import { RngKey } from './variables.ts';

export interface ForkOptions {
  /** Which streams, by their keys: a tag (the stream's name), a predicate on path and key. Default all. */
  readonly only?: Filter;
}

export interface SplitOptions extends ForkOptions {
  /** How many keys to make of one: a number, or a shape. */
  readonly splits: SplitShape;
}

/** What streams held before they were split or forked; their counts include the draw that this took. */
export class RngBackups {
  readonly #streams: readonly (readonly [stream: RngStream, key: Tensor, count: Tensor])[];

  constructor(streams: readonly RngStream[]) {
    this.#streams = streams.map((stream) => [stream, stream.key.value, stream.count.value]);
  }

  /** Writes the keys and counts back. flax.nnx.restore_rngs. */
  restore(): void {
    for (const [{ key, count }, oldKey, oldCount] of this.#streams) {
      key.value = oldKey;
      count.value = oldCount;
    }
  }

  /** `using _ = nnx.splitRngs(model, { splits: 4 })` restores at the end of the block. */
  [Symbol.dispose](): void {
    this.restore();
  }
}

/**
 * Splits every random stream of a tree of modules in place: its key becomes uint32[n, 2], split from its next key, so that `vmap`
 * or `lax.scan` over the tree draws differently for each element. Given a function, calls it with the streams split, restores
 * them whatever happens, and gives what it returned. flax.nnx.split_rngs.
 *
 * @throws RNG for streams that are split already.
 */
export function splitRngs(node: unknown, options: SplitOptions): RngBackups;
export function splitRngs<R>(node: unknown, options: SplitOptions, f: () => R): R;
export function splitRngs<R>(node: unknown, options: SplitOptions, f?: () => R): RngBackups | R {
  const { splits, only } = readOptions<Required<SplitOptions>>('nnx.splitRngs', options, { splits: 2, only: RngKey });
  return replaceKeys('nnx.splitRngs', node, only, (key) => splitKey(key, splits), f);
}

/**
 * Replaces the key of every random stream of a tree of modules by its next key, in place, with a count of zero. Given a function,
 * calls it, restores the streams, and gives what it returned. flax.nnx.fork_rngs. @throws RNG for streams that are split.
 */
export function forkRngs(node: unknown, options?: ForkOptions): RngBackups;
export function forkRngs<R>(node: unknown, options: ForkOptions, f: () => R): R;
export function forkRngs<R>(node: unknown, options: ForkOptions = {}, f?: () => R): RngBackups | R {
  const { only } = readOptions<Required<ForkOptions>>('nnx.forkRngs', options, { only: RngKey });
  return replaceKeys('nnx.forkRngs', node, only, (key) => key, f);
}

function replaceKeys<R>(
  name: string,
  node: unknown,
  only: Filter,
  keysOf: (next: Tensor) => Tensor,
  f: (() => R) | undefined,
): RngBackups | R {
  if (f !== undefined) calleeName(name, f, `${name}(model, options, () => model.forward(x))`);
  const streams = streamsOf(node, only);
  const next = streams.map((stream) => keysOf(stream.makeRng()));
  const backups = new RngBackups(streams);
  streams.forEach(({ key, count }, i) => {
    key.value = next[i]!;
    count.value = zeroCounts(next[i]!);
  });
  if (f === undefined) return backups;
  try {
    const result = f();
    const problem = `${name} was given a function that returns a Promise, and restores the streams when it returns`;
    rejectPromise(result, problem, `const backups = ${name}(model, options); await f(); backups.restore();`);
    return result;
  } finally {
    backups.restore();
  }
}

/** The streams of a tree of modules whose key the filter chooses, each once. */
export function streamsOf(node: unknown, only: Filter = RngKey): RngStream[] {
  const chooses = toPredicate(only);
  const paths = pathsOfLeaves(node);
  const streams = new Set(flatten(node).objects.filter((object) => object instanceof RngStream));
  return [...streams].filter(({ key }) => chooses(paths.get(key)!, key));
}
