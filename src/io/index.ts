/** Keeping and reading data: `heddle/io`. */
// Whoever imports this entry point alone also needs the methods of Tensor.
import '../tensor.ts';

export { readSafetensors } from './read-safetensors.ts';
export type { ReadSafetensorsOptions, Safetensors } from './read-safetensors.ts';
export { writeSafetensors } from './write-safetensors.ts';
export { toHost, toTensors } from './host.ts';
export * as checkpoint from './checkpoint.ts';
export type { CheckpointFiles } from './files.ts';
export { batches } from './batches.ts';
export type { Batch, BatchOptions } from './batches.ts';
export { prefetch } from './prefetch.ts';
export type { PrefetchOptions } from './prefetch.ts';
export { gunzip } from './gunzip.ts';
export { readIdx } from './idx.ts';
export type { ReadIdxOptions } from './idx.ts';
export { readCsv } from './csv.ts';
export type { Csv, ReadCsvOptions } from './csv.ts';
export type { ArrayLike } from './arrays.ts';
