/**
 * Rngs: named random streams whose counters are Variables, so that they pass through every transform. A stream gives
 * foldIn(key, count) and counts up (Flax's rule).
 */
import { userError } from '../trace/user-error.ts';
import { foldIn, key as randomKey } from '../random/index.ts';
import { hostTensor } from '../trace/literal.ts';
import { Tensor } from '../trace/tensor.ts';
import { currentTrace } from '../trace/trace.ts';
import { Module } from './module.ts';
import { RngCount, RngKey } from './variables.ts';

/** Where layers get keys from: Rngs or PathRngs. */
export interface KeySource {
  /** The next key, uint32[2]. Names choose a stream; sources without streams ignore them. */
  makeRng(name?: string): Tensor;
}

export interface StreamOptions {
  /** Every element of a vmapped body may draw the same keys. */
  readonly broadcast?: boolean;
}

/** One random stream: a key and a count. */
export class RngStream extends Module {
  readonly tag: string;
  readonly broadcast: boolean;
  readonly key: RngKey;
  readonly count: RngCount;

  constructor(key: Tensor | number, tag: string, { broadcast = false }: StreamOptions = {}) {
    super();
    this.tag = tag;
    this.broadcast = broadcast;
    this.key = new RngKey(typeof key === 'number' ? randomKey(key) : key, { tag });
    this.count = new RngCount(hostTensor(new Uint32Array(1), [], 'uint32'), { tag });
  }

  /** @throws RNG in a vmapped body whose elements would all draw the same key. */
  next(): Tensor {
    for (let trace = currentTrace(); trace !== null && !trace.created(this.key); trace = trace.parent) {
      if (trace.mapped === null || trace.mapped.has(this.key) || this.broadcast) continue;
      throw userError(
        'RNG',
        `the stream '${this.tag}' was drawn inside ${trace.name}, which does not map it: every element would get the same key`,
        {
          fix: 'vmap over random.split(rngs.makeRng(), n) and new Rngs(key) inside, or new Rngs(0, { broadcast: true })',
        },
      );
    }
    const key = foldIn(this.key.value, this.count.value);
    this.count.update((count) => count.add(1));
    return key;
  }
}

/**
 * Streams by name: `new Rngs(0)` has one, `default`; `new Rngs({ params: 0, dropout: 1 })` names them. A name without a
 * stream of its own falls back to `default`. The counterpart of nnx.Rngs.
 */
export class Rngs extends Module implements KeySource {
  readonly streams: Readonly<Record<string, RngStream>>;

  constructor(seeds: number | Tensor | Readonly<Record<string, number | Tensor>>, options: StreamOptions = {}) {
    super();
    const named = typeof seeds === 'number' || seeds instanceof Tensor ? { default: seeds } : seeds;
    this.streams = Object.fromEntries(Object.entries(named).map(([name, seed]) => [name, new RngStream(seed, name, options)]));
  }

  /** @throws RNG for a name without stream when there is no default stream. */
  makeRng(name: string = 'default'): Tensor {
    const stream = this.streams[name] ?? this.streams['default'];
    if (stream !== undefined) return stream.next();
    throw userError(
      'RNG',
      `there is no stream '${name}' and no default stream; the streams are ${Object.keys(this.streams).join(', ') || 'none'}`,
      {
        fix: `new Rngs({ default: 0, ${name}: 1 })`,
      },
    );
  }

  /** The next key of the stream for initial parameters. */
  params(): Tensor {
    return this.makeRng('params');
  }

  /** The next key of the stream for dropout. */
  dropout(): Tensor {
    return this.makeRng('dropout');
  }

  /** Streams of the same names whose keys are the next keys of these, with counts of zero. */
  fork(): Rngs {
    return new Rngs(Object.fromEntries(Object.entries(this.streams).map(([name, stream]) => [name, stream.next()])));
  }
}
