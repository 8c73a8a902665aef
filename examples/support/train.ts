/** The loop that trains. */
import type { Tensor } from 'heddle';
import type { Setting } from './example.ts';

/** Reading a loss waits for the device, so only every fifth one is read. */
const READ_EVERY = 5;

/**
 * Trains the steps after `first`, keeps the parts, and gives the last loss. `first` is what `keeper.restore(parts)` gave: 0 when the
 * training begins anew.
 */
export async function trainFrom(
  first: number,
  { keeper, steps, report }: Setting,
  parts: Readonly<Record<string, unknown>>,
  step: () => Tensor,
): Promise<number> {
  let last = NaN;
  for (let i = first + 1; i <= first + steps; i++) {
    const loss = step();
    if (i % READ_EVERY === 0 || i === first + steps) report(i, { loss: (last = await loss.item<number>()) });
  }
  await keeper.save(first + steps, parts);
  return last;
}
