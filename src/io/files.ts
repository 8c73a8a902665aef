/** What a checkpoint needs of a file system. */

export interface CheckpointFiles {
  /** The names in a folder; none when there is no such folder. */
  list(folder: string): Promise<readonly string[]>;
  read(path: string): Promise<Uint8Array>;
  /** Writes a new file, and resolves when it is on the disk. */
  write(path: string, bytes: Uint8Array): Promise<void>;
  /** Makes a folder and those above it; nothing happens when it is there. */
  makeFolder(path: string): Promise<void>;
  /** Resolves when the entries of the folder are on the disk. */
  syncFolder(path: string): Promise<void>;
  /** Moves a file or folder in one step. */
  rename(from: string, to: string): Promise<void>;
  /** Removes a folder and all in it; nothing happens when it is not there. */
  remove(path: string): Promise<void>;
}
