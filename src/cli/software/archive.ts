/** Reads the Brotli-compressed files and tar archives in which @sparticuz/chromium ships its binaries. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { promisify } from 'node:util';
import { brotliDecompress } from 'node:zlib';

const decompress = promisify(brotliDecompress);

const BLOCK = 512;

/** The decompressed contents of a `.br` file. */
export async function unbrotli(path: string): Promise<Buffer> {
  return decompress(await readFile(path));
}

/** Writes the regular files of a POSIX (ustar) archive below `folder`, keeping their permission bits. */
export async function untar(archive: Buffer, folder: string): Promise<void> {
  let offset = 0;
  while (offset + BLOCK <= archive.length && archive[offset] !== 0) {
    const entry = readHeader(archive.subarray(offset, offset + BLOCK));
    offset += BLOCK;
    if (entry.regular) {
      const path = insideFolder(folder, entry.name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, archive.subarray(offset, offset + entry.size), { mode: entry.mode });
    }
    offset += Math.ceil(entry.size / BLOCK) * BLOCK;
  }
}

type Header = { name: string; mode: number; size: number; regular: boolean };

function readHeader(block: Buffer): Header {
  const text = (start: number, length: number): string =>
    block.toString('utf8', start, start + length).replace(/\0.*$/s, '');
  const octal = (start: number, length: number): number => Number.parseInt(text(start, length).trim() || '0', 8);
  const prefix = text(345, 155);
  const type = text(156, 1);
  return {
    name: prefix === '' ? text(0, 100) : `${prefix}/${text(0, 100)}`,
    mode: octal(100, 8) & 0o777,
    size: octal(124, 12),
    regular: type === '' || type === '0',
  };
}

function insideFolder(folder: string, name: string): string {
  const relative = normalize(name);
  if (relative.startsWith('..') || relative.startsWith('/')) throw new Error(`archive entry outside its folder: ${name}`);
  return join(folder, relative);
}
