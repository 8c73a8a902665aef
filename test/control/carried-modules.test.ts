/** Modules in the carry of a scan. */
import { expect, test } from 'vitest';
import { BatchStat, lax, makeJaxpr, np, vmap } from '../../src/index.ts';
import type { Tensor } from '../../src/index.ts';
import { assertAllClose } from '../../src/testing/index.ts';
import { useWgsl } from '../support/wgsl.ts';

useWgsl();

/** Adds the Variable's value twice, and carries the Variable. */
function addTwice(variable: BatchStat, x: Tensor): Tensor {
  const body = ([v, y]: [BatchStat, Tensor]): [[BatchStat, Tensor], null] => [[v, y.add(v)], null];
  return lax.scan(body, [variable, x], null, { length: 2 })[0][1];
}

test('a Variable that is carried and not written is not written', () => {
  const variable = new BatchStat(np.array(3));
  expect(makeJaxpr((x: Tensor) => addTwice(variable, x))(np.array(1)).writes).toEqual([]);
});

test('so it may be carried where nothing may be written: in a branch taken by some rows of a vmap', async () => {
  const variable = new BatchStat(np.array(3));
  const step = vmap((x: Tensor) => lax.cond(np.greater(x, 0), (y: Tensor) => addTwice(variable, y), (y: Tensor) => y, x));
  await assertAllClose(step(np.array([1, -1])), np.array([7, -1]));
});
