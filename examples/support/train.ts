/** The loop that trains. */
import type { Tensor } from 'heddle';
import type { Setting } from './example.ts';

/** Reading a figure waits for the device, so only those of every fifth step are read. */
const READ_EVERY = 5;

/**
 * Trains the steps after `first`, keeps the parts, and gives the figures of the last step. `first` is what `keeper.restore(parts)`
 * gave: 0 when the training begins anew.
 */
export async function trainFrom<Name extends string>(
  first: number,
  { keeper, steps, report }: Setting,
  parts: Readonly<Record<string, unknown>>,
  step: () => Readonly<Record<Name, Tensor>>,
): Promise<Record<Name, number>> {
  let last = {} as Record<Name, number>;
  for (let i = first + 1; i <= first + steps; i++) {
    const figures = step();
    if (i % READ_EVERY === 0 || i === first + steps) report(i, (last = await readAll(figures)));
  }
  await keeper.save(first + steps, parts);
  return last;
}

async function readAll<Name extends string>(figures: Readonly<Record<Name, Tensor>>): Promise<Record<Name, number>> {
  const read = Object.entries<Tensor>(figures).map(async ([name, figure]) => [name, await figure.item<number>()] as const);
  return Object.fromEntries(await Promise.all(read)) as Record<Name, number>;
}
