/** The file system of Node, loaded when it is first used: bundlers for browsers find no import here. */
import { userError } from '../trace/user-error.ts';
import type { CheckpointFiles } from './files.ts';

interface NodeFile {
  writeFile(bytes: Uint8Array): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** What is used of the module, so that nobody needs the types of Node. */
interface NodeFiles {
  mkdir(path: string, options: { recursive: true }): Promise<unknown>;
  open(path: string, flags: string): Promise<NodeFile>;
  readFile(path: string): Promise<Uint8Array>;
  readdir(path: string): Promise<string[]>;
  rename(from: string, to: string): Promise<void>;
  rm(path: string, options: { recursive: true; force: true }): Promise<void>;
}

/** @throws UNSUPPORTED where there is no Node. */
export async function nodeFiles(): Promise<CheckpointFiles> {
  const { mkdir, open, readFile, readdir, rename, rm } = await load();
  const withFile = async (path: string, flags: string, use: (file: NodeFile) => Promise<void>): Promise<void> => {
    const file = await open(path, flags);
    try {
      await use(file);
      await file.sync();
    } finally {
      await file.close();
    }
  };
  return {
    list: async (folder) => {
      try {
        return await readdir(folder);
      } catch (error) {
        if ((error as { readonly code?: unknown }).code === 'ENOENT') return [];
        throw error;
      }
    },
    read: (path) => readFile(path),
    write: (path, bytes) => withFile(path, 'wx', (file) => file.writeFile(bytes)),
    makeFolder: async (path) => void (await mkdir(path, { recursive: true })),
    // Windows opens no folders, and keeps the order of renames without.
    syncFolder: (path) => (process.platform === 'win32' ? Promise.resolve() : withFile(path, 'r', async () => {})),
    rename: (from, to) => rename(from, to),
    remove: (path) => rm(path, { recursive: true, force: true }),
  };
}

async function load(): Promise<NodeFiles> {
  const module = 'node:fs/promises';
  try {
    return (await import(/* @vite-ignore */ module)) as NodeFiles;
  } catch (cause) {
    throw userError('UNSUPPORTED', 'checkpoints are folders, and there is no file system of Node here', {
      fix: 'writeSafetensors(await toHost(tensors)), or { files } with a file system of your own',
      cause,
    });
  }
}
