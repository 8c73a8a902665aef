/** Random streams: Flax's key rule, and counters that pass through transforms. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { HeddleError, Rngs, jit, lax, np, random, vmap } from '../../src/index.ts';
import type { Tensor } from '../../src/index.ts';
import { assertAllClose } from '../../src/testing/index.ts';
import { useWgsl } from '../support/wgsl.ts';

useWgsl();

const golden = JSON.parse(readFileSync(new URL('../golden/nnx.json', import.meta.url), 'utf8')) as Record<string, number[][]>;

async function valuesOf(keys: readonly Tensor[]): Promise<unknown[]> {
  return Promise.all(keys.map((key) => key.array()));
}

test('counters advance through jit and scan, captured and as arguments', async () => {
  const expected = golden['Rngs(0): r() x4']!;
  const captured = new Rngs(0);
  const draw = jit(() => captured.makeRng());
  expect(await valuesOf([draw(), draw(), draw()])).toEqual(expected.slice(0, 3));
  const given = jit((rngs: Rngs) => rngs.makeRng());
  const other = new Rngs(0);
  expect(await valuesOf([given(other), given(other)])).toEqual(expected.slice(0, 2));
  const scanned = new Rngs(0);
  const [, keys] = lax.scan((carry: null) => [carry, scanned.makeRng()] as const, null, null, { length: 4 });
  expect(await keys.array()).toEqual(expected);
  await assertAllClose(scanned.streams['default']!.count.value, np.array(Uint32Array.of(4)).reshape([]));
});

test('a vmapped body may draw from mapped streams, from its own, and from broadcast ones', async () => {
  const keys = random.split(random.key(0), 3);
  const own = vmap((key: Tensor) => new Rngs(key).makeRng())(keys);
  await assertAllClose(own, vmap((key: Tensor) => random.foldIn(key, 0))(keys));
  const shared = new Rngs(0, { broadcast: true });
  const same = vmap((x: Tensor) => [x, shared.makeRng()] as const)(np.zeros([3]))[1];
  const [first] = golden['Rngs(0): r() x4']!;
  expect(await same.array()).toEqual([first, first, first]);
  const single = new Rngs(0);
  expect(() => vmap((x: Tensor) => x.add(random.normal(single.makeRng(), [])))(np.zeros([3]))).toThrow(HeddleError);
});
