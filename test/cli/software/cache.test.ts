import { existsSync } from 'node:fs';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cacheFolder, unpackOnce } from '../../../src/cli/software/cache.ts';

let cache = '';

beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), 'heddle-cache-'));
});
afterEach(() => rm(cache, { recursive: true, force: true }));

describe('cacheFolder', () => {
  test('is inside node_modules', async () => {
    expect(await cacheFolder(cache)).toBe(join(cache, '.cache', 'heddle'));
  });

  test('is in the temporary directory where node_modules cannot be written', async () => {
    const file = join(cache, 'file');
    await writeFile(file, '');
    expect((await cacheFolder(file)).startsWith(join(tmpdir(), 'heddle-'))).toBe(true);
  });
});

describe('unpackOnce', () => {
  const slowFill = (fills: string[]) => async (folder: string): Promise<void> => {
    fills.push(folder);
    await sleep(20);
    await writeFile(join(folder, 'a'), 'content');
  };

  test('fills a folder once for many callers', async () => {
    const fills: string[] = [];
    const folders = await Promise.all([1, 2, 3].map(() => unpackOnce(cache, 'driver', slowFill(fills))));
    expect(folders).toEqual(Array.from({ length: 3 }, () => join(cache, 'driver')));
    expect(fills).toHaveLength(1);
    expect(await readFile(join(cache, 'driver', 'a'), 'utf8')).toBe('content');
    expect(await readdir(cache)).toEqual(['driver']);
  });

  test('leaves nothing behind when filling fails', async () => {
    const fail = (): Promise<void> => Promise.reject(new Error('disk full'));
    await expect(unpackOnce(cache, 'driver', fail)).rejects.toThrow('disk full');
    expect(await readdir(cache)).toEqual([]);
  });

  test('takes over the lock of a process that has died', async () => {
    const deadProcess = 2 ** 22 + 1;
    await writeFile(join(cache, 'driver.lock'), String(deadProcess));
    await unpackOnce(cache, 'driver', slowFill([]));
    expect(existsSync(join(cache, 'driver', 'a'))).toBe(true);
  });
});
