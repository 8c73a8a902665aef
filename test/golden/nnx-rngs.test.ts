/** Random streams: the keys of flax.nnx.Rngs word for word, on the reference and on WGSL. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Rngs, cpu, jit, nnx, np, withDevice } from '../../src/index.ts';
import type { NestedArray, Tensor } from '../../src/index.ts';
import { assertAllClose } from '../../src/testing/index.ts';
import { useWgsl } from '../support/wgsl.ts';

const golden = JSON.parse(readFileSync(new URL('nnx.json', import.meta.url), 'utf8')) as Record<string, NestedArray> & {
  readonly "Rngs(params=0,dropout=1).split({'params':4, ...:None})": Readonly<Record<string, NestedArray>>;
};

const wgsl = useWgsl();
const devices = { cpu: () => cpu, WGSL: () => wgsl.device };

describe.each(Object.entries(devices))('on %s', (_, device) => {
  /** What one jitted program makes of everything that `f` returns. */
  const on = <T>(f: () => T): T => jit(f, { device: device() })();
  const read = (tensors: readonly Tensor[]): Promise<NestedArray[]> => Promise.all(tensors.map((tensor) => tensor.array()));

  test('the keys of a stream, of named ones with a fallback, of forks', async () => {
    const keys = on(() => {
      const [rngs, named, parent] = [new Rngs(0), new Rngs({ default: 0, params: 1 }), new Rngs(0)];
      const fork = parent.fork();
      return [
        [rngs.makeRng(), rngs.makeRng(), rngs.makeRng(), rngs.makeRng()],
        [named.params(), named.dropout(), named.makeRng(), named.params(), named.dropout()],
        [fork.stream().key.value, fork.makeRng(), fork.makeRng(), parent.makeRng()],
      ];
    });
    const names = ['Rngs(0): r() x4', 'Rngs(0,params=1): params,dropout,(),params,dropout', 'r=Rngs(0); f=r.fork(): f.key, f(), f(), r()'];
    for (const [i, name] of names.entries()) expect(await read(keys[i]!), name).toEqual(golden[name]);
  });

  test('split streams', async () => {
    const { three, named } = on(() => {
      const three = new Rngs(0).split(3).stream();
      const named = new Rngs({ params: 0, dropout: 1 }).split({ params: 4, dropout: null });
      return { three: [three.key.value, three.count.value], named: [named.stream('params').key.value, named.stream('dropout').key.value] };
    });
    expect(await read(three)).toEqual(golden['Rngs(0).split(3): keys, counts']);
    const expected = golden["Rngs(params=0,dropout=1).split({'params':4, ...:None})"];
    expect(await read(named)).toEqual([expected['params.key'], expected['dropout.key']]);
  });

  test('draws, and the stream of a Dropout', async () => {
    const { drawn, key, dropped } = on(() => {
      const rngs = new Rngs(7);
      const dropout = new nnx.Dropout(0.5, { rngs: new Rngs(0) });
      const x = np.ones([2, 6]);
      return {
        drawn: [rngs.normal([3]), rngs.uniform([2])],
        key: dropout.rngs!.key.value,
        dropped: [dropout.forward(x), dropout.forward(x)],
      };
    });
    const [normal, uniform] = golden['Rngs(7).normal((3,)), then uniform((2,))'] as [number[], number[]];
    await assertAllClose(drawn[0]!, np.array(normal), { rtol: 1e-5 });
    expect(await drawn[1]!.array()).toEqual(uniform.map(Math.fround));
    expect(await key.array()).toEqual(golden['Dropout(.5,rngs=Rngs(0)) stream key']);
    expect(await read(dropped)).toEqual(golden['Dropout(.5) on ones(2,6), 1st and 2nd call']);
  });
});

test('eager draws are those of programs', async () => {
  const rngs = withDevice(cpu, () => new Rngs(0));
  const keys = withDevice(cpu, () => [rngs.makeRng(), rngs.makeRng()]);
  expect(await Promise.all(keys.map((key) => key.array()))).toEqual((golden['Rngs(0): r() x4'] as NestedArray[]).slice(0, 2));
});
