/** Restoring checkpoints: everything is read, checked and compared before the first Variable is written. */
import type { HostArray } from '../../compiler/dtype.ts';
import type { HeddleError } from '../../compiler/errors.ts';
import { toPredicate } from '../nnx/filters.ts';
import type { Filter } from '../nnx/filters.ts';
import { readOptions } from '../options.ts';
import { hostTensor } from '../trace/literal.ts';
import { userError } from '../trace/user-error.ts';
import { Variable } from '../trace/variable.ts';
import { list } from './checkpoint-folder.ts';
import type { FolderOptions, Found } from './checkpoint-folder.ts';
import { checkDifferences } from './differences.ts';
import type { Wanted } from './differences.ts';
import type { CheckpointFiles } from './files.ts';
import { leavesOf, withTensors } from './leaves.ts';
import type { Leaf } from './leaves.ts';
import { MANIFEST, damaged, isDamage, readManifest } from './manifest.ts';
import { nodeFiles } from './node-files.ts';
import { readArrays, readWhole } from './shards.ts';

export interface RestoreOptions extends FolderOptions {
  /** Restores only the Variables it chooses (of a path below their module, such as `layers/0/w`), and leaves the others. */
  readonly filter?: Filter | undefined;
  /** The step to restore; default the newest. */
  readonly step?: number | undefined;
  /** When the newest checkpoint is damaged, restore the newest that is whole. */
  readonly fallback?: boolean;
  /** `false`: static fields of modules may differ. */
  readonly checkStatics?: boolean;
}

export interface Restored<T> extends Found {
  /** The target with the restored values: modules, States and Variables are the same objects, tensors are new ones. */
  readonly parts: T;
  /** What `save` was given under this name, as plain data; undefined when it was given nothing. */
  readonly customMetadata: unknown;
  /** Of the newer checkpoints that were passed over, why. */
  readonly damaged: readonly HeddleError[];
}

/**
 * Restores the newest checkpoint of `folder`: `const { step, parts } = await restore(folder, { model, optimizer })`. Variables
 * (those of modules and States too) are written, all or none; tensors of pytrees are new ones in `parts`. Parts that the target
 * does not name are not read.
 *
 * @throws VALUE when there is no checkpoint, CORRUPT when its files are not as they were written; PYTREE with every path that
 * differs.
 */
export async function restore<T extends object>(
  folder: string,
  target: T,
  options: RestoreOptions = {},
): Promise<Restored<T>> {
  const choices = readOptions<Required<RestoreOptions>>('checkpoint.restore', options, {
    filter: undefined,
    step: undefined,
    fallback: false,
    checkStatics: true,
    files: undefined,
  });
  const files = choices.files ?? (await nodeFiles());
  const found = (await list(folder, { files })).filter(({ step }) => choices.step === undefined || step === choices.step);
  if (found.length === 0) throw nothingFound(folder, choices.step);
  const wanted = wantedOf(target, choices);
  const refused: HeddleError[] = [];
  for (const checkpoint of found) {
    const content = await read(files, checkpoint, wanted).catch((error: unknown) => {
      if (!choices.fallback || !isDamage(error)) throw error;
      refused.push(error);
      return null;
    });
    if (content === null) continue;
    const { arrays, customMetadata } = content;
    return { ...checkpoint, parts: write(target, wanted.chosen, arrays), customMetadata, damaged: refused };
  }
  const problems = refused.map(({ problem }) => `  ${problem}`).join('\n');
  throw userError('CORRUPT', `no checkpoint in ${folder} is whole:\n${problems}`, {
    fix: 'checkpoint.save(folder, { model, step })',
  });
}

function wantedOf(target: object, { filter, checkStatics }: Required<RestoreOptions>): Wanted {
  const leaves = leavesOf(target);
  const chooses = filter === undefined ? () => true : chosenBy(filter);
  const chosen = new Map([...leaves.tensors].filter(([, leaf]) => chooses(leaf)));
  return { chosen, target: leaves, parts: Object.keys(target), partial: filter !== undefined, checkStatics };
}

interface Content extends Pick<Restored<unknown>, 'customMetadata'> {
  readonly arrays: ReadonlyMap<string, HostArray>;
}

/** Everything that can fail, before the first write. */
async function read(files: CheckpointFiles, { path, step }: Found, wanted: Wanted): Promise<Content> {
  const manifestPath = `${path}/${MANIFEST}`;
  const manifest = readManifest(manifestPath, await readWhole(files, manifestPath));
  if (manifest.step !== step) throw damaged(manifestPath, `it is of step ${manifest.step}`);
  checkDifferences(path, manifest, wanted);
  return { arrays: await readArrays(files, path, manifest, wanted.chosen.keys()), customMetadata: manifest.customMetadata };
}

/** Filters choose Variables; tensors of pytrees have no kind. */
function chosenBy(filter: Filter): (leaf: Leaf) => boolean {
  const chooses = toPredicate(filter);
  return ({ path, source }) => source instanceof Variable && chooses(path, source);
}

function write<T extends object>(
  target: T,
  chosen: ReadonlyMap<string, Leaf>,
  arrays: ReadonlyMap<string, HostArray>,
): T {
  const tensors = new Map([...arrays].map(([path, { data, shape, dtype }]) => [path, hostTensor(data, shape, dtype)]));
  for (const [path, { source }] of chosen) if (source instanceof Variable) source.rawValue = tensors.get(path)!;
  return withTensors(target, tensors);
}

function nothingFound(folder: string, step: number | undefined): HeddleError {
  const what = step === undefined ? 'no checkpoint' : `no checkpoint of step ${step}`;
  return userError('VALUE', `there is ${what} in ${folder}`, { fix: 'if (await checkpoint.latest(folder) !== null) ...' });
}
