/** Flax's tests of sow as behaviours, under their names: what is sown belongs to the capture around it, and not to the module. */
import { expect, it } from 'vitest';
import { Module, Param, cpu, jit, lax, nnx, np, vmap, withDevice } from '../../../src/index.ts';
import type { Tensor } from '../../../src/index.ts';
import { assertAllClose } from '../../../src/testing/index.ts';

const on = <T>(f: () => T): T => withDevice(cpu, f);

class Foo extends Module {
  forward(x: Tensor): Tensor {
    const y = x.add(1);
    this.sow(nnx.Intermediate, 'y', y);
    return y;
  }
}

const run = (foo: Foo, x: Tensor): Tensor => foo.forward(x);
const x = np.array([1, 2]);

it('test_sow_basic: several values of one name, in order', async () => {
  const [y, captured] = on(() => nnx.capture((foo: Foo, x: Tensor) => run(foo, run(foo, x)))(new Foo(), x));
  expect([...captured.keys()]).toEqual(['y/0', 'y/1']);
  await assertAllClose([...captured.values()].map(({ value }) => value), [np.array([2, 3]), np.array([3, 4])]);
  await assertAllClose(y, np.array([3, 4]));
});

it('test_sow_existing_non_variable_field: a field of the name stays what it is', async () => {
  class Busy extends Foo {
    readonly y: string = 'mine';
  }
  const busy = new Busy();
  const [, captured] = on(() => nnx.capture(run)(busy, x));
  await assertAllClose(captured.get('y/0').value, np.array([2, 3]));
  expect(busy.y).toBe('mine');
});

it('test_sow_wrong_collection: a Variable of the name stays what it is', async () => {
  class Holding extends Foo {
    readonly y: Param = new Param(10);
  }
  const holding = new Holding();
  const [, captured] = on(() => nnx.capture(run)(holding, x));
  expect(captured.get('y/0')).toBeInstanceOf(nnx.Intermediate);
  await assertAllClose(holding.y.value, 10);
});

it('test_sow_pop: nothing is left in the module, and nothing adds up from call to call', () => {
  const foo = new Foo();
  const [before] = foo.split();
  for (let i = 0; i < 2; i++) expect([...on(() => nnx.capture(run)(foo, x))[1].keys()]).toEqual(['y/0']);
  expect([...foo.split()[0].keys()]).toEqual([...before.keys()]);
});

it('test_in_axes: sown in a stack of layers, per layer', async () => {
  class Block extends Module {
    readonly linear: nnx.Linear;

    constructor(rngs: nnx.Rngs) {
      super();
      this.linear = new nnx.Linear(3, 3, { rngs });
    }

    forward(x: Tensor, a: Tensor): Tensor {
      const y = np.tanh(this.linear.forward(x.add(a)));
      this.sow(nnx.Intermediate, 'data', y);
      return y;
    }
  }
  const layers = on(() => nnx.repeat(5, (rngs) => new Block(rngs), { rngs: new nnx.Rngs(0) }));
  const a = np.ones([5, 1, 3]);
  const step = (x: Tensor, [layer, a]: [Block, Tensor]): Tensor => layer.forward(x, a);
  const [y, captured] = on(() => nnx.capture(jit(() => nnx.scanLayers([layers, a] as [Block, Tensor], step, np.ones([1, 3]))))());
  expect(captured.get('data/0').shape).toEqual([5, 1, 3]);
  await assertAllClose(np.slice(captured.get('data/0').value, 4), y);
});

it('test_vmap: sown in a mapped function, per element', async () => {
  const f = (x: Tensor): Tensor => {
    nnx.sow(x.mul(2), 'twice');
    return lax.sin(x);
  };
  for (const mapped of [vmap(f), jit(vmap(f)), vmap(jit(f))]) {
    const [y, captured] = on(() => nnx.capture(mapped)(np.arange(4).astype('float32')));
    await assertAllClose(captured.get('twice/0').value, np.array([0, 2, 4, 6]));
    expect(y.shape).toEqual([4]);
  }
});
