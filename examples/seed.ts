/**
 * The tiny-NNX program: build a ScanMLP, call it in training mode, take it apart, filter its state.
 *
 *   npm run -s example -- seed            prints State and GraphDef
 *   npm run -s example -- seed --python   prints them as the Python document does
 *   npm run -s example -- seed --stats    counts kernels and dispatches of the jitted call for 5 and 50 layers
 */
import { BatchStat, Param, PathRngs, State, init, jit, random } from 'heddle';
import type { Tensor } from 'heddle';
import { openCountingDevice } from 'heddle/testing';
import { pythonGraphDef, pythonState } from './python-format.ts';
import { ScanMLP } from './scan-mlp.ts';

export async function runSeed(python: boolean): Promise<string> {
  const module = new ScanMLP(10, 5, { rngs: new PathRngs(random.key(0)) });
  const x = random.normal(random.key(0), [2, 10]);
  const y = module.forward(x, { train: true, rngs: new PathRngs(random.key(1)) });
  await y.ready();

  const [state, graphdef] = module.split();
  // split
  const params = state.extract(Param);
  const batchStats = state.extract(BatchStat);
  // merge
  const merged = State.merge<Param | BatchStat>(params, batchStats);

  if (python) {
    return [
      `state = ${pythonState(merged)}`,
      `graphdef = ${pythonGraphDef(graphdef)}`,
      `params = ${pythonState(params)}`,
      `batch_stats = ${pythonState(batchStats)}`,
    ].join('\n');
  }
  return [`state = ${merged}`, `graphdef = ${graphdef}`, `params = ${params}`, `batchStats = ${batchStats}`, `y = ${y.toString()}`].join('\n');
}

/** What the jitted training-mode call of a ScanMLP costs, as the WebGPU calls say. */
async function callCosts(layers: number): Promise<Record<'kernels' | 'dispatches' | 'submits' | 'compiles', number>> {
  const { device, counts, reset } = await openCountingDevice();
  await init({ device });
  const module = new ScanMLP(10, layers, { rngs: new PathRngs(random.key(0)) });
  const call = jit((model: ScanMLP, x: Tensor) => model.forward(x, { train: true, rngs: new PathRngs(random.key(1)) }));
  const x = random.normal(random.key(0), [2, 10]);

  reset();
  await call(module, x).ready();
  const { compiles } = counts;
  reset();
  const y = call(module, x);
  const { dispatches, submits, compiles: recompiles } = counts;
  await y.ready();
  if (recompiles !== 0) throw new Error(`the second call compiled ${recompiles} pipelines`);
  return { kernels: call.stats().kernels, dispatches, submits, compiles };
}

if (process.argv[1]?.endsWith('seed.js')) {
  if (process.argv.includes('--stats')) {
    console.log(JSON.stringify({ layers5: await callCosts(5), layers50: await callCosts(50) }));
  } else {
    await init();
    console.log(await runSeed(process.argv.includes('--python')));
  }
}
