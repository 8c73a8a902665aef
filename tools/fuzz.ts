/** `npm run fuzz -- --runs N [--seed S]`: runs the programs of test/fuzz on N random inputs each. */
import { parseArgs } from 'node:util';
import { lastLine } from './test/summary.ts';
import { runVitest } from './test/vitest.ts';

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '1000' }, seed: { type: 'string' } },
});
const runs = Number(values.runs);
if (!Number.isSafeInteger(runs) || runs < 1) throw new Error(`--runs is '${values.runs}'; it must be a positive integer`);
const seed = values.seed ?? String(Math.floor(Math.random() * 2 ** 31));

console.log(`seed ${seed}; to repeat: npm run fuzz -- --runs ${runs} --seed ${seed}`);
const counts = await runVitest({
  env: { HEDDLE_SEED: seed, HEDDLE_FUZZ_RUNS: String(runs) },
  include: ['test/fuzz/**/*.test.ts'],
});
console.log(lastLine(counts));
process.exitCode = counts.failed === 0 && counts.passed > 0 ? 0 : 1;
