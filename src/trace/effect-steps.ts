/** Walks the effects of a program over the further results of a call. */
import type { TypedArray } from '../../compiler/dtype.ts';
import type { EffectStep, Reading } from '../../compiler/transforms/effects.ts';

export type Print = Extract<EffectStep, { readonly kind: 'print' }>;
export type Check = Extract<EffectStep, { readonly kind: 'check' }>;

/** By number of the further output. */
export type Arrays = ReadonlyMap<number, TypedArray>;

/** An iteration of the loops around: the number of its element in the stacked outputs, and the loops' counters. */
export interface Iteration {
  readonly index: number;
  readonly counters: readonly number[];
}

const OUTSIDE: Iteration = { index: 0, counters: [] };

export function byOutput(outputs: readonly number[], data: readonly TypedArray[]): Arrays {
  return new Map(outputs.map((output, i) => [output, data[i]!]));
}

export type Kind = 'print' | 'check';

export function holds(steps: readonly EffectStep[], kind: Kind): boolean {
  return steps.some((step) => {
    if (step.kind === 'loop') return holds(step.body, kind);
    return step.kind === 'branch' ? step.cases.some((each) => holds(each, kind)) : step.kind === kind;
  });
}

/** The further outputs that steps of a kind read, each once. */
export function outputsOf(steps: readonly EffectStep[], kind: Kind): number[] {
  const found = new Set<number>();
  const add = (reading: Reading): void => {
    if ('output' in reading) found.add(reading.output);
  };
  const visit = (step: EffectStep): void => {
    if (step.kind === 'loop') step.body.forEach(visit);
    if (step.kind === 'branch' && holds([step], kind)) {
      add(step.index);
      step.cases.flat().forEach(visit);
    }
    if (step.kind === 'print' && kind === 'print') step.operands.forEach(add);
    if (step.kind === 'check' && kind === 'check') found.add(step.output);
  };
  steps.forEach(visit);
  return [...found];
}

/** The prints or checks in the order of the program, each with every iteration in which it was reached. */
export function* occurrences(
  steps: readonly EffectStep[],
  kind: Kind,
  arrays: Arrays,
  at: Iteration = OUTSIDE,
): Generator<readonly [Print | Check, Iteration]> {
  for (const step of steps) {
    if (step.kind === 'print' || step.kind === 'check') {
      if (step.kind === kind) yield [step, at];
    } else if (!holds([step], kind)) {
      continue;
    } else if (step.kind === 'branch') {
      const index = elementOf(step.index, arrays, at.index);
      yield* occurrences(step.cases[Math.min(Math.max(index, 0), step.cases.length - 1)]!, kind, arrays, at);
    } else {
      for (let i = 0; i < step.length; i++) {
        const counter = step.reverse ? step.length - 1 - i : i;
        const inside = { index: at.index * step.length + counter, counters: [...at.counters, counter] };
        yield* occurrences(step.body, kind, arrays, inside);
      }
    }
  }
}

export function elementOf(reading: Reading, arrays: Arrays, index: number): number {
  return 'value' in reading ? reading.value : arrays.get(reading.output)![index]!;
}
