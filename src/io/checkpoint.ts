/** The namespace `checkpoint`: what a program keeps of its training. */
export { latest, list } from './checkpoint-folder.ts';
export type { FolderOptions, Found } from './checkpoint-folder.ts';
export { restore } from './restore.ts';
export type { RestoreOptions, Restored } from './restore.ts';
export { save } from './save.ts';
export type { Parts, SaveOptions } from './save.ts';
