/** What is sown comes out of one program for the device as it does on the reference, and as the layers one by one give it. */
import { expect, test } from 'vitest';
import { Module, Rngs, cpu, jit, nnx, np, random, valueAndGrad, vmap, withDevice } from '../../../src/index.ts';
import type { Device, State, Tensor } from '../../../src/index.ts';
import { assertAllClose } from '../../../src/testing/index.ts';
import { useWgsl } from '../../support/wgsl.ts';

const wgsl = useWgsl();

class Block extends Module {
  readonly linear: nnx.Linear;

  constructor(rngs: Rngs) {
    super();
    this.linear = new nnx.Linear(3, 3, { rngs });
  }

  forward(x: Tensor): Tensor {
    const y = np.tanh(this.linear.forward(x));
    this.sow(nnx.Intermediate, 'y', y);
    return y;
  }
}

class Model extends Module {
  readonly layers: Block;

  constructor(rngs: Rngs) {
    super();
    this.layers = nnx.repeat(2, (rngs) => new Block(rngs), { rngs });
  }

  /** float32[3] to a scalar. */
  forward(x: Tensor): Tensor {
    const y = nnx.scanLayers(this.layers, (x, layer) => layer.forward(x), x);
    nnx.sow(y.sum(), 'sum');
    return y.square().sum();
  }
}

test('through a loop, a map and a gradient', async () => {
  const loss = (m: Model, xs: Tensor): Tensor => vmap((m: Model, x: Tensor) => m.forward(x), { inAxes: [null, 0] })(m, xs).mean();
  const run = (device: Device): readonly [State, Tensor] => {
    const step = jit((key: Tensor) => {
      const model = new Model(new Rngs(key));
      const [[value], captured] = nnx.capture((m: Model) => valueAndGrad(loss)(m, random.normal(key, [4, 3])))(model);
      return [captured, value] as const;
    }, { device });
    return step(withDevice(cpu, () => random.key(0)));
  };
  const [[captured, value], [expected, wanted]] = [run(wgsl.device), run(cpu)];
  expect([...captured].map(([path, { shape }]) => [path, shape])).toEqual([['layers/y/0', [4, 2, 3]], ['sum/0', [4]]]);
  for (const path of captured.keys()) await assertAllClose(captured.get(path).value, expected.get(path).value, { atol: 1e-6 });
  await assertAllClose(value, wanted);
  const [y, sum] = [captured.get('layers/y/0').value, captured.get('sum/0').value];
  await assertAllClose(np.sum(np.slice(y, [null, null], 1), { axis: -1 }), sum, { atol: 1e-6 });
});
