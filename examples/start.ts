/**
 * The main job: a jitted ScanMLP on a real batch of handwritten digits. It shows the outputs, the batch statistics that the call
 * updated, the jaxpr, what one call costs, and the time of the first and of later calls.
 */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { BatchStat, PathRngs, init, inspect, jit, makeJaxpr, np, random } from 'heddle';
import type { Tensor } from 'heddle';
import { ScanMLP } from './seed.ts';

const BATCH = 64;
const FEATURES = 64;
const LAYERS = 5;
const LATER_CALLS = 10;

/** The first `count` digits: float32[count, 64], pixels scaled to 0..1. */
function readDigits(count: number): Tensor {
  const file = new URL('../../examples/data/digits.csv.gz', import.meta.url);
  const rows = gunzipSync(readFileSync(file)).toString('utf8').trim().split('\n').slice(0, count);
  const pixels = rows.flatMap((row) =>
    row
      .split(',')
      .slice(0, FEATURES)
      .map((pixel) => Number(pixel) / 16),
  );
  return np.array(Float32Array.from(pixels)).reshape([count, FEATURES]);
}

/** `mean 0.12, std 0.34, min -1.2, max 3.4` of a tensor. */
async function statistics(x: Tensor): Promise<string> {
  const values = await Promise.all([x.mean(), x.std(), x.min(), x.max()].map((value) => value.item()));
  const [mean, std, min, max] = values.map((value) => Number(value).toFixed(4));
  return `mean ${mean}, std ${std}, min ${min}, max ${max}`;
}

async function milliseconds(run: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await run();
  return performance.now() - start;
}

const device = await init();
console.log(`device: ${device.label} (${device.kind})\n`);

const digits = readDigits(BATCH);
const model = new ScanMLP(FEATURES, LAYERS, { rngs: new PathRngs(random.key(0)) });
const forward = (model: ScanMLP, x: Tensor, key: Tensor): Tensor => model.forward(x, { train: true, rngs: new PathRngs(key) });

console.log(`jaxpr of one training-mode call:\n${makeJaxpr(forward)(model, digits, random.key(1))}\n`);

const call = jit(forward);
const compileMs = await milliseconds(() => call.compile(model, digits, random.key(1)));
let y!: Tensor;
const run = async (step: number): Promise<unknown> => (y = await call(model, digits, random.key(step)).ready());
const firstMs = await milliseconds(() => run(1));
const laterMs = await milliseconds(async () => {
  for (let step = 2; step < 2 + LATER_CALLS; step++) await run(step);
});

console.log(`outputs of ${LATER_CALLS + 1} calls on ${BATCH} digits, the last one: ${y.describe()}: ${await statistics(y)}`);
console.log('batch statistics:');
for (const [path, stat] of model.split()[0].extract(BatchStat))
  console.log(`  ${path} ${stat.value.describe()}: ${await statistics(stat.value)}`);

const { dispatches, submits, kernels } = inspect(forward)(model, digits, random.key(1));
console.log(`\none call: ${kernels.length} kernels, ${dispatches} dispatches, ${submits} submit`);
console.log(`compile time: ${compileMs.toFixed(1)} ms`);
console.log(`first call: ${firstMs.toFixed(1)} ms, later calls: ${(laterMs / LATER_CALLS).toFixed(2)} ms each`);
