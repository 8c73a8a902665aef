/** `node host-cost-run.js`: sends the line of the benchmark. */
import { hostCost } from './host-cost.ts';

const line = await hostCost();
process.send?.(line, () => process.exit());
