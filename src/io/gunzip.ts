/** Unpacking gzip (RFC 1952), in which data sets come. */
import { userError } from '../trace/user-error.ts';

/**
 * The content of a file packed by gzip; other bytes as they are: `readIdx(await gunzip(bytes))`.
 *
 * @throws CORRUPT for a packed file that is damaged.
 */
export async function gunzip(bytes: Uint8Array): Promise<Uint8Array> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    const content = new Blob([Uint8Array.from(bytes)]).stream().pipeThrough(new DecompressionStream('gzip'));
    return new Uint8Array(await new Response(content).arrayBuffer());
  } catch (cause) {
    throw userError('CORRUPT', `this gzip file is damaged: ${reasonOf(cause)}`, {
      fix: 'gunzip(new Uint8Array(await file.arrayBuffer())) // of the whole, unchanged file',
      cause,
    });
  }
}

/** What zlib says; the streams of Node wrap it. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? cause.message : message;
}
