/** PathRngs: the random source of the tiny-NNX document. Keys are foldIn(key, hash of the path of counts). */
import { blake2s } from '@noble/hashes/blake2s';
import { userError } from '../trace/user-error.ts';
import { foldIn } from '../random/index.ts';
import { registerNodeType } from '../tree.ts';
import type { Tensor } from '../trace/tensor.ts';
import { interruptedTrace } from '../trace/eager.ts';
import { currentTrace } from '../trace/trace.ts';
import type { Trace } from '../trace/trace.ts';
import type { KeySource } from './rngs.ts';

/** The first four bytes, big-endian, of blake2s-256 of the decimals joined by single spaces. */
export function stableHash(counts: readonly number[]): number {
  const digest = blake2s(new TextEncoder().encode(counts.join(' ')));
  return new DataView(digest.buffer, digest.byteOffset, 4).getUint32(0, false);
}

/**
 * A key and a plain counter. The counter is no Variable, so it may only advance where the object was made: outside any trace, or in that
 * one trace. `Rngs` has no such limit.
 */
export class PathRngs implements KeySource {
  readonly key: Tensor;
  readonly countPath: readonly number[];
  #count: number;
  /** The trace in which the counter may advance, null outside traces; undefined for a copy that a transform made. */
  #home: Trace | null | undefined;

  constructor(key: Tensor, count: number = 0, countPath: readonly number[] = []) {
    this.key = key;
    this.#count = count;
    this.countPath = countPath;
    this.#home = whereCountersAdvance();
  }

  /** What a transform hands to its function, or back: a copy that would draw the keys of its original again. */
  static copy(key: Tensor, count: number, countPath: readonly number[]): PathRngs {
    const copy = new PathRngs(key, count, countPath);
    copy.#home = undefined;
    return copy;
  }

  get count(): number {
    return this.#count;
  }

  /** The next key, uint32[2]. @throws RNG where the counter cannot advance. */
  makeRng(): Tensor {
    this.#checkHome('makeRng()');
    const hash = stableHash([...this.countPath, this.#count]);
    this.#count++;
    return foldIn(this.key, hash);
  }

  /** A source whose keys differ from all others of this one; give it to a function that draws by itself. */
  fork(): PathRngs {
    this.#checkHome('fork()');
    const countPath = [...this.countPath, this.#count];
    this.#count++;
    return new PathRngs(this.key, 0, countPath);
  }

  #checkHome(use: string): void {
    const here = whereCountersAdvance();
    const home = this.#home;
    if (home === here) return;
    const made =
      home === undefined ? 'is an argument or a result of a transform' : `was made ${home === null ? 'outside the trace' : `in ${home.name}`}`;
    throw userError(
      'RNG',
      `PathRngs.${use} was called ${here === null ? 'outside traces' : `in ${here.name}`}, but the PathRngs ${made}: its counter is a ` +
        'plain number, and the next call would draw the same keys again',
      { fix: 'new PathRngs(key) inside the function with the key as argument, or Rngs' },
    );
  }
}

/** The current trace, or the one that eager code interrupts: what runs once there does not run again in later calls. */
function whereCountersAdvance(): Trace | null {
  return currentTrace() ?? interruptedTrace();
}

registerNodeType<PathRngs, { readonly count: number; readonly countPath: readonly number[] }>({
  name: 'PathRngs',
  matches: (value): value is PathRngs => value instanceof PathRngs,
  flatten: (rngs) => ({ children: [['key', rngs.key]], aux: { count: rngs.count, countPath: rngs.countPath } }),
  unflatten: ({ count, countPath }, [key]) => PathRngs.copy(key as Tensor, count, countPath),
  key: (aux) => JSON.stringify(aux),
});
