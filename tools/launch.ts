/** `node dist/tools/launch.js script [arguments]`: runs a script on the best adapter that this machine has. */
import { adapterForPrograms } from './adapter.ts';
import { runNode } from './run-node.ts';

const [script, ...args] = process.argv.slice(2);
if (script === undefined) {
  console.error('usage: launch <script.js> [arguments]');
  process.exitCode = 2;
} else {
  process.exitCode = await runNode(script, args, await adapterForPrograms());
}
