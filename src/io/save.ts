/**
 * Saving checkpoints: folders of safetensors files and a manifest. A checkpoint is written beside the others and renamed into
 * place when all of it is on the disk, so a crash leaves those before it as they were.
 */
import { readOptions } from '../options.ts';
import { userError } from '../trace/user-error.ts';
import { namesIn, nextName, removeOld } from './checkpoint-folder.ts';
import type { FolderOptions } from './checkpoint-folder.ts';
import type { CheckpointFiles } from './files.ts';
import { toHost } from './host.ts';
import { plainData } from './json.ts';
import { leavesOf } from './leaves.ts';
import { MANIFEST, writeManifest } from './manifest.ts';
import type { Manifest, StoredTensor } from './manifest.ts';
import { nodeFiles } from './node-files.ts';
import { writeSafetensors } from './write-safetensors.ts';
import { shardName, shardsOf, storedIn } from './shards.ts';
import type { Arrays } from './shards.ts';

export interface SaveOptions extends FolderOptions {
  /** How many checkpoints stay in the folder, the new one included; default 3. */
  readonly keep?: number;
  /** The most bytes of tensors in one file; default 1 GiB. */
  readonly shardBytes?: number;
  /**
   * Kept beside the tensors as JSON, and given back by `restore` as plain data: a `History`, figures, settings. As `custom_metadata` of
   * Orbax.
   */
  readonly customMetadata?: unknown;
}

/** What is saved: the step, and modules, States or pytrees of tensors under any other names. */
export interface Parts {
  readonly step: number;
  readonly [name: string]: unknown;
}

/**
 * Saves a model, its optimizer, random streams, any pytree of tensors, and the step as a new checkpoint in `folder`; gives its
 * path. The values are those at the time of the call; saves to one folder follow one another. Only one process at a time may
 * save to it.
 *
 * @throws VALUE for a step that is no count, or custom metadata that JSON does not have; PYTREE for data that are no tensors; UNSUPPORTED without a file system.
 */
export async function save(folder: string, { step, ...parts }: Parts, options: SaveOptions = {}): Promise<string> {
  const choices = readOptions<Required<SaveOptions>>('checkpoint.save', options, {
    keep: 3,
    shardBytes: 2 ** 30,
    customMetadata: undefined,
    files: undefined,
  });
  const { keep, shardBytes } = choices;
  checkCount('step', step, 0);
  checkCount('keep', keep, 1);
  checkCount('shardBytes', shardBytes, 1);
  const given = choices.customMetadata;
  const customMetadata = given === undefined ? undefined : plainData(given, 'customMetadata');
  const { tensors, statics } = leavesOf(parts);
  const arrays = toHost(Object.fromEntries([...tensors].map(([path, { source }]) => [path, source])));
  arrays.catch(() => {}); // It is raised below, when the turn has come.
  return afterOthers(folder, async () => {
    const files = choices.files ?? (await nodeFiles());
    await files.makeFolder(folder);
    const names = await namesIn(files, folder);
    const name = nextName(names, step);
    await writeWhole(files, folder, name, { step, statics, customMetadata, shards: shardsOf(await arrays, shardBytes) });
    await removeOld(files, folder, [...names, name].slice(0, -keep));
    return `${folder}/${name}`;
  });
}

interface Contents extends Omit<Manifest, 'tensors'> {
  readonly shards: readonly Arrays[];
}

/** Writes beside the place, and moves there what is on the disk. */
async function writeWhole(files: CheckpointFiles, folder: string, name: string, contents: Contents): Promise<void> {
  const { shards, ...others } = contents;
  const writing = `${folder}/.writing-${name}`;
  await files.remove(writing);
  await files.makeFolder(writing);
  const stored: [path: string, tensor: StoredTensor][] = [];
  for (const [index, shard] of shards.entries()) {
    const file = shardName(index);
    await files.write(`${writing}/${file}`, writeSafetensors(shard));
    stored.push(...storedIn(file, shard));
  }
  await files.write(`${writing}/${MANIFEST}`, writeManifest({ ...others, tensors: Object.fromEntries(stored) }));
  await files.syncFolder(writing);
  await files.rename(writing, `${folder}/${name}`);
  await files.syncFolder(folder);
}

const saving = new Map<string, Promise<unknown>>();

/** Runs `save` when the saves to this folder that were begun before have ended, however they ended. */
async function afterOthers<T>(folder: string, save: () => Promise<T>): Promise<T> {
  const others = saving.get(folder) ?? Promise.resolve();
  const own = others.then(save, save);
  saving.set(folder, own);
  try {
    return await own;
  } finally {
    if (saving.get(folder) === own) saving.delete(folder);
  }
}

function checkCount(name: string, value: unknown, least: number): void {
  if (Number.isSafeInteger(value) && (value as number) >= least) return;
  throw userError('VALUE', `checkpoint.save: ${name} is ${String(value)}, not an integer from ${least} on`, {
    fix: `${name}: ${least}`,
  });
}
