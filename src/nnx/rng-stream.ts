/** RngStream: a key and a count, both Variables, so that a stream passes through every transform. It gives foldIn(key, count). */
import { sizeOf } from '../../compiler/shape.ts';
import { np } from '../numpy/index.ts';
import { foldIn, key as randomKey, split } from '../random/index.ts';
import { describeValue, hostTensor } from '../trace/literal.ts';
import { Tensor } from '../trace/tensor.ts';
import { currentTrace } from '../trace/trace.ts';
import { userError } from '../trace/user-error.ts';
import type { Filter } from './filters.ts';
import type { GraphDef } from './graphdef.ts';
import { Samplers } from './samplers.ts';
import type { Divided } from './state-types.ts';
import { RngCount, RngKey } from './variables.ts';

export interface StreamOptions {
  /** Every element of a vmapped body may draw the same keys. */
  readonly broadcast?: boolean;
}

/** How many streams to make of one: a number, or a shape. */
export type SplitShape = number | readonly number[];

/**
 * One random stream. A split one holds several keys, uint32[..., 2], and a count for each: its draws are made inside of `vmap` or
 * `lax.scan` over it. flax.nnx.RngStream.
 */
export class RngStream extends Samplers {
  /** The name of the stream, which filters and `reseed` know it by. */
  readonly tag: string;
  readonly isBroadcast: boolean;
  readonly key: RngKey;
  readonly count: RngCount;

  /** `key` is a seed, or keys of shape [..., 2]. @throws RNG for what is neither. */
  constructor(key: Tensor | number, tag: string, { broadcast = false }: StreamOptions = {}) {
    super();
    const keys = typeof key === 'number' ? randomKey(key) : checkedKeys(key, tag);
    this.tag = tag;
    this.isBroadcast = broadcast;
    this.key = new RngKey(keys, { tag });
    this.count = new RngCount(zeroCounts(keys), { tag });
  }

  /**
   * The next key, uint32[2].
   *
   * @throws RNG in a vmapped body whose elements would all draw the same key, and for a split stream outside of a map over it.
   */
  makeRng(): Tensor {
    checkMapped(this);
    if (this.key.shape.length !== 1) {
      const problem = `the stream '${this.tag}' is split, its keys are uint32[${this.key.shape.join(',')}], and a draw takes one`;
      throw userError('RNG', problem, { fix: 'vmap((rngs) => rngs.makeRng())(rngs)' });
    }
    const key = foldIn(this.key.value, this.count.value);
    this.count.update((count) => count.add(1));
    return key;
  }

  /** A stream of the same name whose key is the next key of this one, with a count of zero. */
  fork(): RngStream {
    return streamLike(this, this.makeRng());
  }

  /** Streams in one, of this name, with keys split from the next key: key uint32[n, 2], or [...shape, 2], counts of zero. */
  override split(n: SplitShape): RngStream;
  /** Without a number, the state and structure as of any module. */
  override split<const F extends readonly Filter[]>(...filters: F): [...states: Divided<this, F>, graphdef: GraphDef<this>];
  override split(...args: readonly [SplitShape] | readonly Filter[]): RngStream | ReturnType<Samplers['split']> {
    const [n] = args;
    if (typeof n === 'number' || isShape(n)) return streamLike(this, split(this.makeRng(), n));
    return super.split(...(args as readonly Filter[]));
  }

  /** Like `split`, with the next key `n` times. */
  broadcast(n: SplitShape): RngStream {
    const shape = typeof n === 'number' ? [n] : n;
    return streamLike(this, np.broadcastTo(this.makeRng(), [...shape, 2]));
  }
}

export function isShape(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((extent) => typeof extent === 'number');
}

function streamLike({ tag, isBroadcast }: RngStream, keys: Tensor): RngStream {
  return new RngStream(keys, tag, { broadcast: isBroadcast });
}

function checkMapped({ tag, key, isBroadcast }: RngStream): void {
  if (isBroadcast) return;
  for (let trace = currentTrace(); trace !== null && !trace.created(key); trace = trace.parent) {
    if (trace.mapped === null || trace.mapped.has(key)) continue;
    const problem = `the stream '${tag}' was drawn inside ${trace.name}, which does not map it`;
    throw userError('RNG', `${problem}: every element would get the same key`, {
      fix: 'vmap((rngs, x) => f(rngs, x))(rngs.split(n), x), or new Rngs(0, { broadcast: true })',
    });
  }
}

/** One count of zero for each key. */
export function zeroCounts(keys: Tensor): Tensor {
  const shape = keys.shape.slice(0, -1);
  return hostTensor(new Uint32Array(sizeOf(shape)), shape, 'uint32');
}

function checkedKeys(keys: unknown, tag: string): Tensor {
  if (keys instanceof Tensor && keys.dtype === 'uint32' && keys.shape.at(-1) === 2) return keys;
  const given = keys instanceof Tensor ? keys.describe() : describeValue(keys);
  throw userError('RNG', `the stream '${tag}' begins with a seed or a key, uint32[2], and not with ${given}`, {
    fix: `new nnx.Rngs({ ${tag}: 0 })`,
  });
}
