/** `npm run -s example -- <name> [arguments]`: runs one of the examples; `npm start` runs the digits. */
import { fileURLToPath } from 'node:url';
import { EXAMPLES } from '../examples/index.ts';
import { adapterForPrograms } from './adapter.ts';
import { runNode } from './run-node.ts';

const names = [...Object.keys(EXAMPLES), 'seed'];

const [name, ...args] = process.argv.slice(2);
if (name === undefined || !names.includes(name)) {
  console.error(`usage: npm run -s example -- <name> [arguments]\nexamples: ${names.join(', ')}`);
  process.exitCode = 2;
} else {
  const [script, ...given] = name === 'seed' ? ['seed.js', ...args] : ['support/terminal.js', name, ...args];
  process.exitCode = await runNode(fileURLToPath(new URL(`../examples/${script}`, import.meta.url)), given, await adapterForPrograms());
}
