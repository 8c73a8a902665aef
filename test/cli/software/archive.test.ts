import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { unbrotli, untar } from '../../../src/cli/software/archive.ts';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heddle-archive-'));
});
afterEach(() => rm(folder, { recursive: true }));

type Entry = { name: string; prefix?: string; mode?: number; type?: string; content?: string };

function entry({ name, prefix = '', mode = 0o644, type = '0', content = '' }: Entry): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write(mode.toString(8).padStart(7, '0'), 100);
  header.write(content.length.toString(8).padStart(11, '0'), 124);
  header.write(type, 156);
  header.write(prefix, 345);
  const body = Buffer.alloc(Math.ceil(content.length / 512) * 512);
  body.write(content);
  return Buffer.concat([header, body]);
}

const end = Buffer.alloc(1024);

describe('untar', () => {
  test('writes files with their permissions', async () => {
    const long = 'x'.repeat(600);
    const archive = Buffer.concat([
      entry({ name: 'lib/', type: '5', mode: 0o755 }),
      entry({ name: 'lib/a.so', mode: 0o755, content: long }),
      entry({ name: 'deep/b.txt', prefix: 'very', content: 'b' }),
      end,
    ]);
    await untar(archive, folder);
    expect(await readFile(join(folder, 'lib/a.so'), 'utf8')).toBe(long);
    expect((await stat(join(folder, 'lib/a.so'))).mode & 0o777).toBe(0o755);
    expect(await readFile(join(folder, 'very/deep/b.txt'), 'utf8')).toBe('b');
  });

  test.each(['../evil', '/evil', 'a/../../evil'])('refuses an entry %s outside the folder', async (name) => {
    await expect(untar(Buffer.concat([entry({ name, content: 'x' }), end]), folder)).rejects.toThrow(
      `archive entry outside its folder: ${name}`,
    );
  });
});

test('unbrotli restores a file', async () => {
  await writeFile(join(folder, 'a.br'), brotliCompressSync('warp and weft'));
  expect((await unbrotli(join(folder, 'a.br'))).toString()).toBe('warp and weft');
});
