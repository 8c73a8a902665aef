/** The safetensors files of a checkpoint. */
import type { HostArray } from '../../compiler/dtype.ts';
import { HeddleError } from '../../compiler/errors.ts';
import { compareCodePoints } from '../tree.ts';
import { digestOf } from './digest.ts';
import { encodeElements } from './elements.ts';
import type { CheckpointFiles } from './files.ts';
import { damaged } from './manifest.ts';
import type { Manifest, StoredTensor } from './manifest.ts';
import { readSafetensors } from './read-safetensors.ts';
import { safetensorsHeader } from './write-safetensors.ts';

export type Arrays = Readonly<Record<string, HostArray>>;

/**
 * The arrays in order of their paths, cut before a file would hold more than `shardBytes`; a larger array has a file to itself.
 */
export function shardsOf(arrays: Arrays, shardBytes: number): Arrays[] {
  const shards: [string, HostArray][][] = [];
  let bytes = Infinity;
  for (const entry of Object.entries(arrays).sort(([a], [b]) => compareCodePoints(a, b))) {
    const size = entry[1].data.byteLength;
    if (bytes + size > shardBytes) {
      shards.push([]);
      bytes = 0;
    }
    shards.at(-1)!.push(entry);
    bytes += size;
  }
  return shards.map((shard) => Object.fromEntries(shard));
}

export function shardName(index: number): string {
  return `tensors-${String(index).padStart(5, '0')}.safetensors`;
}

/** What the manifest says of the arrays of a shard. */
export function storedIn(file: string, arrays: Arrays): [path: string, stored: StoredTensor][] {
  return Object.entries(arrays).map(([path, array]) => {
    const { dtype, shape } = array;
    return [path, { dtype, shape, file, sha256: digestOf(encodeElements(path, array)) }];
  });
}

/**
 * The arrays of the given paths, from the files that hold them.
 *
 * @throws CORRUPT for a file that differs from what the manifest says of it.
 */
export async function readArrays(
  files: CheckpointFiles,
  folder: string,
  manifest: Manifest,
  paths: Iterable<string>,
): Promise<Map<string, HostArray>> {
  const wanted = new Map<string, string[]>();
  for (const path of paths) {
    const { file } = manifest.tensors[path]!;
    wanted.set(file, [...(wanted.get(file) ?? []), path]);
  }
  const arrays = new Map<string, HostArray>();
  for (const [file, names] of wanted) {
    const shard = await readShard(files, `${folder}/${file}`, file, manifest);
    for (const name of names) arrays.set(name, shard[name]!);
  }
  return arrays;
}

async function readShard(files: CheckpointFiles, path: string, file: string, manifest: Manifest): Promise<Arrays> {
  const stored = Object.fromEntries(Object.entries(manifest.tensors).filter(([, tensor]) => tensor.file === file));
  const bytes = await readWhole(files, path);
  const header = safetensorsHeader(stored);
  if (header.some((byte, i) => byte !== bytes[i])) throw damaged(path, 'its header is not what the manifest says');
  const { tensors } = parseShard(path, bytes);
  for (const [name, { sha256 }] of Object.entries(stored)) {
    if (digestOf(encodeElements(name, tensors[name]!)) === sha256) continue;
    throw damaged(path, `the sha256 of '${name}' is not that of the manifest`);
  }
  return tensors;
}

function parseShard(path: string, bytes: Uint8Array): { readonly tensors: Arrays } {
  try {
    return readSafetensors(bytes);
  } catch (error) {
    if (!(error instanceof HeddleError)) throw error;
    throw damaged(path, error.problem, error);
  }
}

/** The bytes of a file. @throws CORRUPT when it cannot be read. */
export async function readWhole(files: CheckpointFiles, path: string): Promise<Uint8Array> {
  try {
    return await files.read(path);
  } catch (error) {
    throw damaged(path, `it cannot be read: ${(error as Error).message}`, error);
  }
}
