/** The folder that checkpoints are in: their names, and which there are. */
import { readOptions } from '../options.ts';
import type { CheckpointFiles } from './files.ts';
import { nodeFiles } from './node-files.ts';

/** `000012-step-3400`: the twelfth checkpoint of the folder. */
const NAME = /^(\d{6,})-step-(\d+)$/;
/** Names of what a crash may leave behind. */
const LEFTOVER = /^\.(?:writing|removing)-\d{6,}-step-\d+$/;

export interface FolderOptions {
  /** Where checkpoints are; default the disk, by Node. */
  readonly files?: CheckpointFiles | undefined;
}

export interface Found {
  /** The checkpoint's own folder. */
  readonly path: string;
  readonly step: number;
}

/** The checkpoints in `folder`, the newest first; none when there is no such folder. Their files are not looked at. */
export async function list(folder: string, options: FolderOptions = {}): Promise<Found[]> {
  const choices = readOptions<Required<FolderOptions>>('checkpoint.list', options, { files: undefined });
  const files = choices.files ?? (await nodeFiles());
  const names = await namesIn(files, folder);
  return names.reverse().map((name) => ({ path: `${folder}/${name}`, step: Number(NAME.exec(name)![2]) }));
}

/** The newest checkpoint in `folder`, or null when there is none. */
export async function latest(folder: string, options: FolderOptions = {}): Promise<Found | null> {
  return (await list(folder, options))[0] ?? null;
}

/** The names of the checkpoints, the oldest first. */
export async function namesIn(files: CheckpointFiles, folder: string): Promise<string[]> {
  const names = (await files.list(folder)).filter((name) => NAME.test(name));
  return names.sort((a, b) => sequenceOf(a) - sequenceOf(b));
}

/** The name of the checkpoint that comes after these. */
export function nextName(names: readonly string[], step: number): string {
  const newest = names.at(-1);
  return `${String(newest === undefined ? 1 : sequenceOf(newest) + 1).padStart(6, '0')}-step-${step}`;
}

/** Removes these, and what crashes left behind. Renamed first, so that no checkpoint is ever half there. */
export async function removeOld(files: CheckpointFiles, folder: string, old: readonly string[]): Promise<void> {
  for (const name of old) await files.rename(`${folder}/${name}`, `${folder}/.removing-${name}`);
  const leftovers = (await files.list(folder)).filter((name) => LEFTOVER.test(name));
  for (const name of leftovers) await files.remove(`${folder}/${name}`);
}

function sequenceOf(name: string): number {
  return Number(NAME.exec(name)![1]);
}
