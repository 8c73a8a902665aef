/** State is threaded by every transform as the same program written functionally says. */
import { describe, test } from 'vitest';
import { jit } from '../../../src/index.ts';
import type { Tensor } from '../../../src/index.ts';
import { assertAllClose } from '../../../src/testing/index.ts';
import { useWgsl } from '../../support/wgsl.ts';
import { PROGRAMS } from './programs.ts';
import type { Counter, CounterState, StatefulProgram } from './programs.ts';

useWgsl();

const SEEDS = [1, 3, 5];

type Call = (counter: Counter, x: Tensor) => Tensor;

/** Runs the program several times; the first call traces, later ones hit. */
async function compare({ make, input, functional }: StatefulProgram, wrap: (counter: Counter) => Call): Promise<void> {
  const counter = make();
  const call = wrap(counter);
  let state: CounterState = { calls: counter.calls.value, total: counter.inner.total.value };
  for (const seed of SEEDS) {
    const [expected, next] = functional(state, input(seed));
    await assertAllClose(call(counter, input(seed)), expected);
    await assertAllClose([counter.calls.value, counter.inner.total.value], [next.calls, next.total]);
    state = next;
  }
}

for (const program of PROGRAMS) {
  describe(`${program.transform}, module ${program.role}`, () => {
    test('outside jit: value and write-back, first call and hits', () => compare(program, (counter) => program.program(counter)));

    test('inside jit, module an argument of jit', () => compare(program, (counter) => jit(program.program(counter))));

    test('inside jit, module captured by jit', () =>
      compare(program, (counter) => {
        const inner = program.program(counter);
        const outer = jit((x: Tensor) => inner(counter, x));
        return (_, x) => outer(x);
      }));

    test('writes of an inner call are visible to the next one in the same trace', () => {
      const twice: StatefulProgram = {
        ...program,
        functional: (state, x) => {
          const [first, between] = program.functional(state, x);
          const [second, after] = program.functional(between, x);
          return [first.add(second), after];
        },
      };
      return compare(twice, (counter) => {
        const inner = program.program(counter);
        return jit((c: Counter, x: Tensor) => inner(c, x).add(inner(c, x)));
      });
    });
  });
}
