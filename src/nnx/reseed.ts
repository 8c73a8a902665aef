/** reseed: gives random streams new keys. */
import { split } from '../random/index.ts';
import { readOptions } from '../options.ts';
import type { Tensor } from '../trace/tensor.ts';
import { userError } from '../trace/user-error.ts';
import { zeroCounts } from './rng-stream.ts';
import type { RngStream } from './rng-stream.ts';
import { Rngs } from './rngs.ts';
import type { StreamSeed } from './rngs.ts';
import { streamsOf } from './split-rngs.ts';

/** What becomes of one new key, uint32[2], for a stream whose keys have this shape (`[]` for a stream that is not split). */
export type ReseedPolicy = 'scalarsOnly' | 'matchShape' | ((key: Tensor, shape: readonly number[], stream: RngStream) => Tensor);

export interface ReseedOptions {
  /** `scalarsOnly` (default) refuses streams that are split, `matchShape` splits the new key as the old one was. */
  readonly policy?: ReseedPolicy;
}

/**
 * Gives every stream of the named ones in a tree of modules a new key, in place, and a count of zero: the keys are those that
 * `new Rngs(seeds)` gives, in order of visit. flax.nnx.reseed.
 *
 * @throws RNG for a name that no stream has, and for a split stream unless the policy says what to do.
 */
export function reseed(node: unknown, seeds: Readonly<Record<string, StreamSeed>>, options: ReseedOptions = {}): void {
  const { policy } = readOptions<Required<ReseedOptions>>('nnx.reseed', options, { policy: 'scalarsOnly' });
  const streams = streamsOf(node);
  const tags = [...new Set(streams.map(({ tag }) => tag))];
  const unknown = Object.keys(seeds).find((name) => !tags.includes(name));
  if (unknown !== undefined) {
    const problem = `nnx.reseed: there is no stream '${unknown}'; the streams are ${tags.join(', ') || 'none'}`;
    throw userError('RNG', problem, { fix: `nnx.reseed(model, { ${tags[0] ?? 'dropout'}: 0 })` });
  }
  const rngs = new Rngs(seeds);
  for (const stream of streams.filter(({ tag }) => rngs.has(tag))) {
    const keys = newKeys(policy, rngs.makeRng(stream.tag), stream);
    stream.key.value = keys;
    stream.count.value = zeroCounts(keys);
  }
}

function newKeys(policy: ReseedPolicy, key: Tensor, stream: RngStream): Tensor {
  const shape = stream.key.shape.slice(0, -1);
  if (typeof policy === 'function') return policy(key, shape, stream);
  if (shape.length === 0) return key;
  if (policy === 'matchShape') return split(key, shape);
  const problem = `nnx.reseed: the stream '${stream.tag}' is split, its keys have shape [${shape.join(',')}]`;
  throw userError('RNG', problem, { fix: `nnx.reseed(model, { ${stream.tag}: 0 }, { policy: 'matchShape' })` });
}
