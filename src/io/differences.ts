/** What keeps a checkpoint from being restored into a target: one line for each path. */
import { showShape } from '../../compiler/shape.ts';
import { userError } from '../trace/user-error.ts';
import type { Leaf, Leaves } from './leaves.ts';
import type { Manifest } from './manifest.ts';

/** More differences than these say no more. */
const MOST_LINES = 50;

/** What is to be restored, and how strictly. */
export interface Wanted {
  /** The tensors to restore. */
  readonly chosen: ReadonlyMap<string, Leaf>;
  readonly target: Leaves;
  /** The names of the target's parts. */
  readonly parts: readonly string[];
  /** Whether the rest of the target may differ. */
  readonly partial: boolean;
  readonly checkStatics: boolean;
}

/** @throws PYTREE with a line for each path that is missing, unexpected, or of another shape, dtype or static value. */
export function checkDifferences(folder: string, manifest: Manifest, wanted: Wanted): void {
  const { chosen, target, partial, checkStatics } = wanted;
  const tensors = [...chosen].flatMap(([path, leaf]) => tensorDifferences(path, leaf, manifest));
  const unexpected = partial ? [] : unexpectedPaths(manifest, wanted).map((path) => `${path}: unexpected, the target has none`);
  const paths = [...tensors, ...unexpected];
  // Where tensors differ, so does what is around them.
  const compares = checkStatics && !partial && paths.length === 0;
  const statics = compares ? staticDifferences(manifest.statics, target.statics, wanted.parts) : [];
  const lines = [...paths, ...statics];
  if (lines.length === 0) return;
  const shown = lines.slice(0, MOST_LINES);
  if (lines.length > MOST_LINES) shown.push(`and ${lines.length - MOST_LINES} more`);
  const option = paths.length > 0 ? 'filter: (path) => ...' : 'checkStatics: false';
  const list = shown.map((line) => `  ${line}`).join('\n');
  throw userError('PYTREE', `${folder} does not fit the target (checkpoint -> target):\n${list}`, {
    fix: `checkpoint.restore(folder, target, { ${option} })`,
  });
}

function tensorDifferences(path: string, { source }: Leaf, { tensors }: Manifest): string[] {
  if (!Object.hasOwn(tensors, path)) return [`${path}: missing, the checkpoint has none`];
  const { dtype, shape } = tensors[path]!;
  const lines: string[] = [];
  const [before, after] = [showShape(shape), showShape(source.shape)];
  if (before !== after) lines.push(`${path}: shape ${before} -> ${after}`);
  if (dtype !== source.dtype) lines.push(`${path}: dtype ${dtype} -> ${source.dtype}`);
  return lines;
}

/** Parts that the target does not have at all are not asked for. */
function unexpectedPaths({ tensors }: Manifest, { target, parts }: Wanted): string[] {
  return Object.keys(tensors).filter((path) => !target.tensors.has(path) && belongs(path, parts));
}

function staticDifferences(before: Manifest['statics'], after: Leaves['statics'], parts: readonly string[]): string[] {
  const paths = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((path) => belongs(path, parts)).sort();
  const show = (statics: Manifest['statics'], path: string): string => (Object.hasOwn(statics, path) ? statics[path]! : 'none');
  return paths
    .filter((path) => show(before, path) !== show(after, path))
    .map((path) => `${path}: ${show(before, path)} -> ${show(after, path)}`);
}

/** Whether the path lies in one of the parts: their names end at the first of `/`, `.`, `[` and space. */
function belongs(path: string, parts: readonly string[]): boolean {
  return parts.some((part) => path === part || (path.startsWith(part) && '/.[ '.includes(path.charAt(part.length))));
}
