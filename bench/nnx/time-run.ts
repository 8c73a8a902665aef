/** `node time-run.js host-cost|encoding`: sends the line of a benchmark. */
import { encoding } from './encoding.ts';
import { hostCost } from './host-cost.ts';

const line = process.argv[2] === 'encoding' ? await encoding() : await hostCost();
process.send?.(line, () => process.exit());
