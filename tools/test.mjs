// `npm test`: builds, then hands over to the test runner, which is TypeScript and has to be built first.
import { build } from './build.mjs';

// Types are checked later, for the tests as well.
const built = build('--noCheck');
try {
  const { runEverything } = await import('../dist/tools/test/main.js');
  process.exitCode = await runEverything({ built });
} catch (error) {
  console.error(error);
  console.log('0 passed, 1 failed');
  process.exitCode = 1;
}
