/** Rngs: random streams by name. */
import { Tensor } from '../trace/tensor.ts';
import { userError } from '../trace/user-error.ts';
import type { Filter } from './filters.ts';
import type { GraphDef } from './graphdef.ts';
import { RngStream, isShape } from './rng-stream.ts';
import type { SplitShape, StreamOptions } from './rng-stream.ts';
import { Samplers } from './samplers.ts';
import type { Divided } from './state-types.ts';

/** Where layers get keys from: Rngs, a stream, or PathRngs. */
export interface KeySource {
  /** The next key, uint32[2]. Names choose a stream; sources without streams ignore them. */
  makeRng(name?: string): Tensor;
}

/** What a stream begins with: a seed, a key, or a stream, which is then shared. */
export type StreamSeed = number | Tensor | RngStream;

/** How to split streams: all alike, or by name. With null, and where nothing is said of it, a stream stays the one that it is. */
export type Splits = SplitShape | Readonly<Record<string, SplitShape | null>>;

/**
 * Streams by name: `new Rngs(0)` has one, `default`; `new Rngs({ params: 0, dropout: 1 })` names them. A name without a
 * stream of its own falls back to `default`. Their counters are Variables, so they pass through every transform. flax.nnx.Rngs.
 */
export class Rngs extends Samplers implements KeySource {
  readonly streams: Readonly<Record<string, RngStream>>;

  constructor(seeds: StreamSeed | Readonly<Record<string, StreamSeed>>, options: StreamOptions = {}) {
    super();
    const named = isSeed(seeds) ? { default: seeds } : seeds;
    const streamOf = (seed: StreamSeed, name: string): RngStream =>
      seed instanceof RngStream ? seed : new RngStream(seed, name, options);
    this.streams = Object.fromEntries(Object.entries(named).map(([name, seed]) => [name, streamOf(seed, name)]));
  }

  /** The stream of this name, else the default one. @throws RNG where there is neither. */
  stream(name: string = 'default'): RngStream {
    const stream = this.streams[this.has(name) ? name : 'default'];
    if (stream !== undefined) return stream;
    const known = Object.keys(this.streams).join(', ') || 'none';
    throw userError('RNG', `there is no stream '${name}' and no default stream; the streams are ${known}`, {
      fix: `new Rngs({ default: 0, ${name}: 1 })`,
    });
  }

  /** The next key of the stream of this name. @throws RNG as `stream`, and where the stream may not advance. */
  makeRng(name?: string): Tensor {
    return this.stream(name).makeRng();
  }

  /** The next key of the stream for initial parameters. */
  params(): Tensor {
    return this.makeRng('params');
  }

  /** The next key of the stream for dropout. */
  dropout(): Tensor {
    return this.makeRng('dropout');
  }

  /** Whether there is a stream of exactly this name. */
  has(name: string): boolean {
    return Object.hasOwn(this.streams, name);
  }

  /** The streams with their names. */
  items(): readonly (readonly [name: string, stream: RngStream])[] {
    return Object.entries(this.streams);
  }

  /** Streams of the same names whose keys are the next keys of these, with counts of zero. */
  fork(): Rngs {
    return mapStreams(this, (stream) => stream.fork());
  }

  /** Rngs whose streams are split: `rngs.split(3)`, `rngs.split({ params: 4, dropout: null })`. */
  override split(splits: Splits): Rngs;
  /** Without a number, the state and structure as of any module. */
  override split<const F extends readonly Filter[]>(...filters: F): [...states: Divided<this, F>, graphdef: GraphDef<this>];
  override split(...args: readonly [Splits] | readonly Filter[]): Rngs | ReturnType<Samplers['split']> {
    const [splits] = args;
    if (!isSplits(splits)) return super.split(...(args as readonly Filter[]));
    const shapeFor = (name: string): SplitShape | null =>
      typeof splits === 'number' || isShape(splits) ? splits : (splits[name] ?? null);
    return mapStreams(this, (stream, name) => {
      const shape = shapeFor(name);
      return shape === null ? stream : stream.split(shape);
    });
  }

  /** Like `split`, with the next key of each stream `n` times. */
  broadcast(n: SplitShape): Rngs {
    return mapStreams(this, (stream) => stream.broadcast(n));
  }
}

function mapStreams(rngs: Rngs, f: (stream: RngStream, name: string) => RngStream): Rngs {
  return new Rngs(Object.fromEntries(rngs.items().map(([name, stream]) => [name, f(stream, name)])));
}

function isSplits(value: unknown): value is Splits {
  return typeof value === 'number' || isShape(value) || Object.prototype.toString.call(value) === '[object Object]';
}

function isSeed(seeds: StreamSeed | Readonly<Record<string, StreamSeed>>): seeds is StreamSeed {
  return typeof seeds === 'number' || seeds instanceof Tensor || seeds instanceof RngStream;
}
