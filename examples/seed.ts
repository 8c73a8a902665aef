/**
 * The tiny-NNX program: build a ScanMLP, call it in training mode, take it apart, filter its state.
 *
 *   npm run -s example -- seed            prints State and GraphDef
 *   npm run -s example -- seed --python   prints them as the Python document does
 *   npm run -s example -- seed --stats    counts kernels and dispatches of the jitted call for 5 and 50 layers
 */
import { BatchStat, Module, Param, PathRngs, State, init, jit, lax, nn, random, vmap } from 'heddle';
import type { GraphDef, Key, Tensor } from 'heddle';
import { openCountingDevice } from 'heddle/testing';
import { pythonGraphDef, pythonState } from './support/python-format.ts';
import { BatchNorm, Dropout, Linear } from './support/tiny-layers.ts';

export interface CallOptions {
  readonly train: boolean;
  readonly rngs: PathRngs;
}

/** Linear, BatchNorm, gelu, Dropout. */
export class Block extends Module {
  readonly linear: Linear;
  readonly bn: BatchNorm;
  readonly dropout: Dropout;

  constructor(din: number, dout: number, { rngs }: { readonly rngs: PathRngs }) {
    super();
    this.linear = new Linear(din, dout, { rngs });
    this.bn = new BatchNorm(dout);
    this.dropout = new Dropout(0.1);
  }

  forward(x: Tensor, { train, rngs }: CallOptions): Tensor {
    x = this.linear.forward(x);
    x = this.bn.forward(x, { train });
    x = nn.gelu(x);
    return this.dropout.forward(x, { train, rngs });
  }
}

/** nLayers - 1 blocks and a linear head. */
export class ScanMLP extends Module {
  readonly nLayers: number;
  /** One block in structure; every Variable carries a leading axis over the layers. */
  readonly layers: Block;
  readonly linear: Linear;

  constructor(hiddenSize: number, nLayers: number, { rngs }: { readonly rngs: PathRngs }) {
    super();
    this.nLayers = nLayers;

    // lift init
    let graphdef!: GraphDef<Block>;
    const init = vmap((key: Key): State => {
      const [state, structure] = new Block(hiddenSize, hiddenSize, { rngs: new PathRngs(key) }).split();
      graphdef = structure;
      return state;
    });
    const state = init(random.split(rngs.makeRng(), nLayers - 1));
    this.layers = graphdef.merge(state);
    this.linear = new Linear(hiddenSize, hiddenSize, { rngs });
  }

  forward(x: Tensor, { train, rngs }: CallOptions): Tensor {
    // lift call
    const keys = random.split(rngs.makeRng(), this.nLayers - 1);
    const [state, graphdef] = this.layers.split();

    const [y, newState] = lax.scan(
      (x: Tensor, [key, state]: [Key, State]): [Tensor, State] => {
        const [out, [next]] = graphdef.apply(state)(x, { train, rngs: new PathRngs(key) });
        return [out, next];
      },
      x,
      [keys, state],
    );
    this.layers.update(newState);
    return this.linear.forward(y);
  }
}

/** What the program prints: in this library's notation, or in that of the Python document. */
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
  const merged = State.merge(params, batchStats);

  if (python) {
    return [
      `state = ${pythonState(merged)}`,
      `graphdef = ${pythonGraphDef(graphdef)}`,
      `params = ${pythonState(params)}`,
      `batch_stats = ${pythonState(batchStats)}`,
    ].join('\n');
  }
  return [
    `state = ${merged}`,
    `graphdef = ${graphdef}`,
    `params = ${params}`,
    `batchStats = ${batchStats}`,
    `y = ${y.toString()}`,
  ].join('\n');
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

const args = globalThis.process?.argv ?? [];
const isMain = args[1]?.endsWith('seed.js') === true;
if (isMain) {
  if (args.includes('--stats')) {
    console.log(JSON.stringify({ layers5: await callCosts(5), layers50: await callCosts(50) }));
  } else {
    await init();
    console.log(await runSeed(args.includes('--python')));
  }
}
