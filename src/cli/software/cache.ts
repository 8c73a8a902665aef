/** A cache of unpacked folders that several processes may fill at the same time. */
import { access, constants, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Returns `nodeModules/.cache/heddle`, or a folder of this user in the temporary directory where that cannot be written. */
export async function cacheFolder(nodeModules: string): Promise<string> {
  const preferred = join(nodeModules, '.cache', 'heddle');
  try {
    await mkdir(preferred, { recursive: true });
    await access(preferred, constants.W_OK);
    return preferred;
  } catch {
    const fallback = join(tmpdir(), `heddle-${userInfo().uid}`);
    await mkdir(fallback, { recursive: true, mode: 0o700 });
    return fallback;
  }
}

/**
 * Returns the folder `name` of the cache, calling `fill` to make its contents if it is not there yet.
 * The folder appears by a rename, so it is never seen half filled; the lock only saves others from doing the same work.
 */
export async function unpackOnce(cache: string, name: string, fill: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(cache, name);
  if (existsSync(folder)) return folder;
  const lock = `${folder}.lock`;
  while (!(await acquire(lock))) {
    await sleep(50);
    if (existsSync(folder)) return folder;
  }
  const partial = `${folder}.${process.pid}`;
  try {
    if (existsSync(folder)) return folder;
    await mkdir(partial, { recursive: true });
    await fill(partial);
    await rename(partial, folder);
    return folder;
  } finally {
    await rm(partial, { recursive: true, force: true });
    await rm(lock, { force: true });
  }
}

async function acquire(lock: string): Promise<boolean> {
  try {
    const file = await open(lock, 'wx');
    await file.writeFile(String(process.pid));
    await file.close();
    return true;
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error;
    await removeIfAbandoned(lock);
    return false;
  }
}

async function removeIfAbandoned(lock: string): Promise<void> {
  const owner = Number(await readFile(lock, 'utf8').catch(() => ''));
  if (owner > 0 && !isAlive(owner)) await rm(lock, { force: true });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return isCode(error, 'EPERM');
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
