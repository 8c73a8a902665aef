/** The end of a transformed call. */
import type { Arguments } from './arguments.ts';
import { buildOutputs } from './outputs.ts';
import type { OutputPlan } from './outputs.ts';
import type { Finished } from './stage.ts';
import type { Tensor } from './tensor.ts';
import { currentTrace } from './trace.ts';
import { writeIn } from './write.ts';

/** What is needed of a traced call to deliver its results. */
export interface Delivered {
  readonly plan: OutputPlan;
  readonly finished: Finished;
  readonly inputs: Arguments;
}

/** Writes what the function wrote, and gives what it returned; `results` are its outputs, then its writes. */
export function deliverResults({ plan, finished, inputs }: Delivered, results: readonly Tensor[]): unknown {
  const trace = currentTrace();
  finished.writes.forEach(({ variable }, i) => writeIn(trace, variable, results[plan.count + i]!));
  return buildOutputs(plan, results, inputs);
}
