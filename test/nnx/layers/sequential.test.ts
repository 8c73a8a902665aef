/** Sequential: what goes from layer to layer, options, types, state. */
import { describe, expect, expectTypeOf, test } from 'vitest';
import { Module, cpu, jit, makeJaxpr, nn, nnx, np, random, withDevice } from '../../../src/index.ts';
import type { Tensor } from '../../../src/index.ts';
import { printJaxpr } from '../../../compiler/ir/print.ts';
import { agree } from '../../support/agree.ts';

const rngs = (): nnx.Rngs => new nnx.Rngs(0);
const x = random.normal(random.key(1), [4, 3]);

/** What it does depends on an option of its own. */
class Scale extends Module {
  static readonly callOptions: readonly string[] = ['factor'];

  forward(x: Tensor, { factor = 1 }: { readonly factor?: number } = {}): Tensor {
    return x.mul(factor);
  }
}

test('is its layers one after the other', () =>
  agree(() => {
    const [first, last] = [new nnx.Linear(3, 5, { rngs: rngs() }), new nnx.Linear(5, 2, { rngs: rngs() })];
    const model = new nnx.Sequential(first, nn.relu, last);
    expect([...model.split()[0].keys()]).toEqual(['layers/0/bias', 'layers/0/kernel', 'layers/2/bias', 'layers/2/kernel']);
    const expected = last.forward(nn.relu(first.forward(x)));
    return [[model.forward(x), jit((m: typeof model, x: Tensor) => m.forward(x))(model, x)], [expected, expected]];
  }));

test('its layers stamp their paths', () => {
  const model = new nnx.Sequential(new nnx.Linear(3, 5, { rngs: rngs() }), nn.relu, new nnx.Linear(5, 2, { rngs: rngs() }));
  const { jaxpr } = makeJaxpr((m: typeof model, x: Tensor) => m.forward(x))(model, x);
  for (const path of ['layers/0', 'layers/2']) expect(printJaxpr(jaxpr, { paths: true })).toContain(path);
});

describe('between layers', () => {
  test('an array is several arguments', async () => {
    const model = new nnx.Sequential((x: Tensor) => [x, 2] as const, (x: Tensor, n: number) => x.mul(n));
    await agree(() => [model.forward(x), x.mul(2)]);
    const pair = new nnx.Sequential((x: Tensor, y: Tensor) => [y, x] as const);
    const [second, first] = pair.forward(x, np.ones([1]));
    expect([first === x, second.shape]).toEqual([true, [1]]);
  });

  test('without layers it gives back what it was given', () => {
    expect((new nnx.Sequential() as nnx.Sequential<readonly nnx.SequentialLayer[]>).forward(x as never)).toBe(x);
  });
});

describe('options', () => {
  test('go to the layers that name them', async () => {
    const model = new nnx.Sequential(
      new nnx.BatchNorm(3, { rngs: rngs() }),
      new Scale(),
      nn.relu,
      new nnx.Dropout(0.5, { rngs: rngs() }),
    );
    const options = { useRunningAverage: true, deterministic: true, factor: 3 };
    await agree(() => [model.forward(x, options), nn.relu(x.mul(3))], { rtol: 1e-4 });
    const drawn = withDevice(cpu, () => model.forward(x, { rngs: new nnx.Rngs(1) }));
    expect(drawn.shape).toEqual([4, 3]);
    expect(await model.layers[3].rngs!.count.value.item()).toBe(0);
  });

  test('reach attention and recurrent layers', () =>
    agree(() => {
      const attention = new nnx.MultiHeadAttention(1, 3, { dropoutRate: 0.5, rngs: rngs() });
      const rnn = new nnx.RNN(new nnx.GRUCell(3, 2, { rngs: rngs() }));
      const steps = x.reshape([1, 4, 3]);
      const model = new nnx.Sequential(attention, rnn);
      return [model.forward(steps, { deterministic: true }), rnn.forward(attention.forward(steps, { deterministic: true }))];
    }));
});

test('types: what the first layer takes and the last gives', () => {
  const model = new nnx.Sequential((n: number) => np.full([2], n), (y: Tensor) => ({ y }));
  expectTypeOf(model.forward).returns.toEqualTypeOf<{ y: Tensor }>();
  const typed = (): unknown => {
    // @ts-expect-error the first layer takes a number
    model.forward(x);
    return new nnx.Sequential(new nnx.Linear(3, 2, { rngs: rngs() })).forward(x);
  };
  expect(typed).toBeTypeOf('function');
  const list: nnx.Linear[] = [new nnx.Linear(3, 3, { rngs: rngs() })];
  expectTypeOf(new nnx.Sequential(...list).forward(x)).toEqualTypeOf<Tensor>();
});
