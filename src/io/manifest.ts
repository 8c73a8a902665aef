/** The manifest of a checkpoint: what it holds, in which files, and the digests that tell whether they are unchanged. */
import { isDType } from '../../compiler/dtype.ts';
import { HeddleError } from '../../compiler/errors.ts';
import { userError } from '../trace/user-error.ts';
import { digestOf } from './digest.ts';
import { isRecord, parseObject } from './json.ts';
import type { TensorSpec } from './write-safetensors.ts';

export const MANIFEST = 'manifest.json';
const FORMAT = 'heddle checkpoint 1';

export interface StoredTensor extends TensorSpec {
  /** The file of the checkpoint that has it. */
  readonly file: string;
  /** Of its bytes in the file. */
  readonly sha256: string;
}

export interface Manifest {
  readonly step: number;
  readonly tensors: Readonly<Record<string, StoredTensor>>;
  /** What is no tensor, by path, as text. */
  readonly statics: Readonly<Record<string, string>>;
  /** Plain data of the user's. */
  readonly customMetadata?: unknown;
}

export function writeManifest(manifest: Manifest): Uint8Array {
  const content = JSON.stringify(manifest);
  const sha256 = digestOf(new TextEncoder().encode(content));
  return new TextEncoder().encode(JSON.stringify({ format: FORMAT, sha256, manifest }, null, 1));
}

/** @throws CORRUPT for bytes that `writeManifest` did not give. */
export function readManifest(path: string, bytes: Uint8Array): Manifest {
  const manifest = parse(path, bytes);
  if (!isManifest(manifest)) throw damaged(path, 'it is not the manifest of a checkpoint');
  const written = writeManifest(manifest);
  // Equal byte for byte: so the digest is that of the content, and no letter differs between the tokens.
  if (written.length !== bytes.length || written.some((byte, i) => byte !== bytes[i])) {
    throw damaged(path, 'its content is not what its sha256 says');
  }
  return manifest;
}

function parse(path: string, bytes: Uint8Array): unknown {
  try {
    return parseObject(bytes)['manifest'];
  } catch (cause) {
    throw damaged(path, `it is not JSON as it should be: ${(cause as Error).message}`, cause);
  }
}

function isManifest(value: unknown): value is Manifest {
  if (!isRecord(value)) return false;
  const { step, tensors, statics } = value;
  return Number.isSafeInteger(step) && isRecord(tensors) && isRecord(statics) && Object.values(tensors).every(isStored);
}

function isStored(value: unknown): value is StoredTensor {
  if (!isRecord(value)) return false;
  const { dtype, shape, file, sha256 } = value;
  return isDType(dtype) && Array.isArray(shape) && typeof file === 'string' && typeof sha256 === 'string';
}

/** The error of a file of a checkpoint that is not as it was written. */
export function damaged(path: string, problem: string, cause?: unknown): HeddleError {
  return userError('CORRUPT', `${path} is damaged: ${problem}`, {
    fix: 'checkpoint.restore(folder, target, { fallback: true }) // the newest checkpoint that is whole',
    cause,
  });
}

export function isDamage(error: unknown): error is HeddleError {
  return error instanceof HeddleError && error.code === 'CORRUPT';
}
