/** Measurements in processes of their own: what the engine has learned from one would change another. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** What a script of this folder sends when it is run with the arguments. */
export function fromOwnProcess<T>(script: string, ...args: readonly string[]): Promise<T> {
  const child = fork(fileURLToPath(new URL(script, import.meta.url)), args, { stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    child.on('message', (result) => resolve(result as T));
    child.on('error', reject);
    child.on('exit', (code) => reject(new Error(`${script} ended with code ${code}`)));
  });
}
