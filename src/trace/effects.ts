/** Carries out the effects of a call: debug.print when the values have arrived, checks by a verdict on the call. */
import { HeddleError } from '../../compiler/errors.ts';
import type { EffectStep } from '../../compiler/transforms/effects.ts';
import type { CallSite, Storage, Verdict } from '../../runtime/index.ts';
import { printedLines } from '../debug/lines.ts';
import { printLines } from '../debug/printer.ts';
import { byOutput, holds, occurrences, outputsOf } from './effect-steps.ts';
import type { Arrays, Check } from './effect-steps.ts';
import { showSource } from './location.ts';

/** What a program is to do with the further results of one call, which follow the first `count`. */
export class CallEffects {
  readonly #steps: readonly EffectStep[];
  readonly #count: number;
  /** What the verdict was given on. */
  #judged: Arrays | null = null;

  constructor(steps: readonly EffectStep[], count: number) {
    this.#steps = steps;
    this.#count = count;
  }

  /** The call, with a verdict by its checks. */
  callSite(call: CallSite): CallSite {
    if (!holds(this.#steps, 'check')) return call;
    // What is printed comes along, because of a call that fails it is the more wanted.
    const outputs = [...new Set([...outputsOf(this.#steps, 'check'), ...outputsOf(this.#steps, 'print')])];
    const verdict: Verdict = {
      results: outputs.map((output) => this.#count + output),
      judge: (data) => {
        this.#judged = byOutput(outputs, data);
        return firstFailure(this.#steps, this.#judged);
      },
    };
    // A call's line is a getter, which must not be asked yet.
    return Object.create(call, { verdict: { value: verdict } }) as CallSite;
  }

  /** Prints what there is to print, and lets go of the further ones among the results. */
  after(results: readonly Storage[]): void {
    const further = results.slice(this.#count);
    if (holds(this.#steps, 'print')) {
      const arrays = holds(this.#steps, 'check') ? this.#arraysOfVerdict(further) : readAll(this.#steps, further);
      printLines(arrays.then((each) => printedLines(this.#steps, each)));
    }
    for (const storage of further) storage.release();
  }

  async #arraysOfVerdict(further: readonly Storage[]): Promise<Arrays> {
    const submission = further[0]!.submission;
    await submission?.settled;
    if (this.#judged === null) throw submission?.error;
    return this.#judged;
  }
}

async function readAll(steps: readonly EffectStep[], further: readonly Storage[]): Promise<Arrays> {
  const outputs = outputsOf(steps, 'print');
  return byOutput(outputs, await Promise.all(outputs.map((output) => further[output]!.device!.read(further[output]!))));
}

function firstFailure(steps: readonly EffectStep[], arrays: Arrays): HeddleError | null {
  for (const [step, at] of occurrences(steps, 'check', arrays)) {
    if (step.kind !== 'check') continue;
    const word = arrays.get(step.output)![at.index]!;
    if (((word >>> step.bit) & 1) === 1) return checkFailed(step, at.counters);
  }
  return null;
}

/** The error of a check that failed, in the iterations `counters` of the loops around it. */
export function checkFailed(
  { message, path, source }: Pick<Check, 'message' | 'path' | 'source'>,
  counters: readonly number[] = [],
): HeddleError {
  const place = [counters.length === 0 ? '' : `step ${counters.join(', ')}`, path].filter((part) => part !== '').join(', ');
  const problem = place === '' ? message : `${message} (${place})`;
  const error = new HeddleError('CHECK', problem, { fix: "debug.print('x = {}', x) // before this line, to see the values" });
  return source === undefined ? error : error.at(showSource(source));
}
