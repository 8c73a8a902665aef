/** `npm run -s example -- <name> [arguments]`: runs one of the examples. */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { adapterForPrograms } from './adapter.ts';
import { runNode } from './run-node.ts';

const folder = fileURLToPath(new URL('../examples/', import.meta.url));
const examples = readdirSync(folder)
  .filter((file) => file.endsWith('.js'))
  .map((file) => file.slice(0, -'.js'.length))
  .sort();

const [name, ...args] = process.argv.slice(2);
if (name === undefined || !examples.includes(name)) {
  console.error(`usage: npm run -s example -- <name> [arguments]\nexamples: ${examples.join(', ')}`);
  process.exitCode = 2;
} else {
  process.exitCode = await runNode(`${folder}${name}.js`, args, await adapterForPrograms());
}
