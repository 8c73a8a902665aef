/** Layers against those of Flax: parameters drawn from Rngs(0), outputs, statistics. */
import { expect, test } from 'vitest';
import { cpu, jit, nn, nnx, np, vmap, withDevice } from '../../src/index.ts';
import type { Module, Tensor } from '../../src/index.ts';
import { NNX_GOLDENS, testGoldenLayers } from '../support/golden-layers.ts';
import type { LayerCase } from '../support/golden-layers.ts';
import { useWgsl } from '../support/wgsl.ts';

const wgsl = useWgsl();
const unit = nnx.initializers.normal({ stddev: 1 });
const affine = { scaleInit: unit, biasInit: unit };
const mask = np.array([
  [[true], [false], [true]],
  [[true], [true], [false]],
]);

type Layer = Module & { forward(x: Tensor): Tensor };

const forward = <L extends Layer>(name: string, make: (rngs: nnx.Rngs) => L): LayerCase => ({
  name,
  make,
  call: (layer: L, x: Tensor) => layer.forward(x),
});

testGoldenLayers(wgsl, [
  forward('Linear(3,2)', (rngs) => new nnx.Linear(3, 2, { rngs })),
  forward(
    'LinearGeneral((3,2),(2,2),axis=(1,-1))',
    (rngs) => new nnx.LinearGeneral([3, 2], [2, 2], { axis: [1, -1], biasInit: unit, rngs }),
  ),
  forward(
    "Einsum('nta,hab->nthb',(3,2,4),(3,4))",
    (rngs) => new nnx.Einsum('nta,hab->nthb', [3, 2, 4], [3, 4], { biasInit: unit, rngs }),
  ),
  { ...forward('Embed(5,3)', (rngs) => new nnx.Embed(5, 3, { rngs })), integers: true },
  {
    name: 'Embed(5,3) attend',
    make: (rngs) => new nnx.Embed(5, 3, { rngs }),
    call: (layer: nnx.Embed, x: Tensor) => layer.attend(x),
  },
  forward('BatchNorm(3) train', (rngs) => new nnx.BatchNorm(3, { rngs })),
  {
    name: 'BatchNorm(2) mask',
    make: (rngs) => new nnx.BatchNorm(2, { useScale: false, useFastVariance: false, biasInit: unit, rngs }),
    call: (layer: nnx.BatchNorm, x: Tensor) => layer.forward(x, { mask }),
  },
  {
    name: 'BatchNorm(2,axis_name) in vmap',
    make: (rngs) => new nnx.BatchNorm(2, { axisName: 'batch', rngs }),
    call: (layer: nnx.BatchNorm, x: Tensor) => vmap((row: Tensor) => layer.forward(row), { axisName: 'batch' })(x),
  },
  forward('LayerNorm(3)', (rngs) => new nnx.LayerNorm(3, { rngs })),
  forward(
    'LayerNorm(12,reduction_axes=(1,2),feature_axes=(1,2))',
    (rngs) => new nnx.LayerNorm(12, { reductionAxes: [1, 2], featureAxes: [1, 2], ...affine, rngs }),
  ),
  forward('RMSNorm(3)', (rngs) => new nnx.RMSNorm(3, { rngs })),
  forward('GroupNorm(6,num_groups=3)', (rngs) => new nnx.GroupNorm(6, { numGroups: 3, ...affine, rngs })),
  forward('InstanceNorm(4)', (rngs) => new nnx.InstanceNorm(4, { ...affine, rngs })),
  forward('PReLU(.25)', () => new nnx.PReLU(0.25)),
  forward(
    'Sequential(Linear,relu,Linear)',
    (rngs) => new nnx.Sequential(new nnx.Linear(3, 4, { rngs }), nn.relu, new nnx.Linear(4, 2, { rngs })),
  ),
  forward('Dropout(.5,broadcast_dims=(0,))', (rngs) => new nnx.Dropout(0.5, { broadcastDims: [0], rngs })),
]);

// Variants, whose kernels would be much like those above.
testGoldenLayers(null, [
  forward('LoRA(3,2,4)', (rngs) => new nnx.LoRA(3, 2, 4, { bInitializer: unit, rngs })),
  {
    name: 'LayerNorm(2,reduction_axes=(1,2)) mask',
    make: (rngs) => new nnx.LayerNorm(2, { reductionAxes: [1, 2], useFastVariance: false, ...affine, rngs }),
    call: (layer: nnx.LayerNorm, x: Tensor) => layer.forward(x, { mask }),
  },
  forward('WeightNorm(Linear(3,4))', (rngs) => new nnx.WeightNorm(new nnx.Linear(3, 4, { rngs }), { rngs })),
  forward(
    'SpectralNorm(Linear(3,4),n_steps=2)',
    (rngs) => new nnx.SpectralNorm(new nnx.Linear(3, 4, { rngs }), { nSteps: 2, rngs }),
  ),
  forward('Linear(3,2,use_bias=False)', (rngs) => new nnx.Linear(3, 2, { useBias: false, rngs })),
  forward(
    'LinearGeneral(3,2,batch_axis={0:2})',
    (rngs) => new nnx.LinearGeneral(3, 2, { batchAxis: { 0: 2 }, biasInit: unit, rngs }),
  ),
  forward("Einsum('...a,ab->b...',(3,2),(2,))", (rngs) => new nnx.Einsum('...a,ab->b...', [3, 2], [2], { biasInit: unit, rngs })),
  { ...forward('Embed(4,2) out of range', (rngs) => new nnx.Embed(4, 2, { rngs })), integers: true },
  forward(
    'BatchNorm(3,axis=1,momentum=.9,epsilon=.1)',
    (rngs) => new nnx.BatchNorm(3, { axis: 1, momentum: 0.9, epsilon: 0.1, ...affine, rngs }),
  ),
  {
    name: 'BatchNorm(2) after two calls, running',
    make: (rngs) => new nnx.BatchNorm(2, { useBias: false, scaleInit: unit, rngs }),
    call: (layer: nnx.BatchNorm, x: Tensor) => {
      layer.forward(x);
      layer.forward(x.add(1));
      return layer.forward(x, { useRunningAverage: true });
    },
  },
  forward('RMSNorm(4,epsilon=.5)', (rngs) => new nnx.RMSNorm(4, { epsilon: 0.5, scaleInit: unit, rngs })),
  forward(
    'GroupNorm(6,group_size=3)',
    (rngs) => new nnx.GroupNorm(6, { numGroups: null, groupSize: 3, useFastVariance: false, ...affine, rngs }),
  ),
  forward('InstanceNorm(3,feature_axes=1)', (rngs) => new nnx.InstanceNorm(3, { featureAxes: 1, ...affine, rngs })),
  forward(
    'LoRA(3,2,4,base_module=Linear)',
    (rngs) => new nnx.LoRA(3, 2, 4, { baseModule: new nnx.Linear(3, 4, { rngs }), bInitializer: unit, rngs }),
  ),
  forward('LoRALinear(3,4,lora_rank=2)', (rngs) => new nnx.LoRALinear(3, 4, { loraRank: 2, bInitializer: unit, rngs })),
]);

test('Dropout(.5) on ones(2,6), 1st and 2nd call', async () => {
  const name = 'Dropout(.5) on ones(2,6), 1st and 2nd call';
  const twice = jit((x: Tensor) => {
    const dropout = new nnx.Dropout(0.5, { rngs: new nnx.Rngs(0) });
    return np.stack([dropout.forward(x), dropout.forward(x)]);
  });
  for (const device of [cpu, wgsl.device]) {
    expect(await withDevice(device, () => twice(np.ones([2, 6]))).array()).toEqual(NNX_GOLDENS[name]);
  }
});
