/** Convolution layers against those of Flax. */
import type { Tensor } from '../../src/index.ts';
import { nnx } from '../../src/index.ts';
import { testGoldenLayers } from '../support/golden-layers.ts';
import { useWgsl } from '../support/wgsl.ts';

testGoldenLayers(useWgsl(), [
  {
    name: 'Conv(1,2,(3,3)) SAME',
    make: (rngs) => new nnx.Conv(1, 2, [3, 3], { rngs }),
    call: (layer: nnx.Conv, x: Tensor) => layer.forward(x),
  },
]);
