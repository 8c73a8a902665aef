/**
 * `node encoding-run.js`: times a training step with the encoding, until it returns, against the raw WebGPU calls that encode and
 * submit the same dispatches. Both go to Dawn with its null backend, which validates and encodes as for a GPU, and executes nothing:
 * on a machine without a GPU the adapter's own threads would take the processor from both.
 */
import { create, globals } from 'webgpu';
import { init, inspect, sync } from 'heddle';
import { training } from './model.ts';
import { rawProgram } from './raw-program.ts';
import { median, timed } from './rounds.ts';

/** As in a training loop: the first calls after other work pay for what that left in the processor's caches. */
const CALLS = 50;
const ROUNDS = 40;
/** Rounds until the engine has compiled what is called often, and buffers of losses that nobody disposes come back to the pool. */
const WARM_UP = 20;

/** Medians of a round's calls, in milliseconds. */
interface Round {
  readonly ours: number;
  readonly theirs: number;
}

export interface EncodingRun {
  readonly rounds: readonly Round[];
  readonly dispatches: number;
  /** How many dispatches the raw calls make. */
  readonly rawDispatches: number;
}

async function compare(): Promise<EncodingRun> {
  const gpu = await openDevice();
  await init({ device: gpu });
  const { model, x, y, step } = training();
  for (let i = 0; i < 4; i++) await step(model, x, y).ready();
  const inspected = inspect(step)(model, x, y);
  const raw = rawProgram(gpu, inspected.program);
  const round = async (): Promise<Round> => {
    const [ours, theirs]: [number[], number[]] = [[], []];
    for (let i = 0; i < CALLS; i++) ours.push(timed(() => step(model, x, y)));
    await sync();
    for (let i = 0; i < CALLS; i++) theirs.push(timed(raw));
    await sync();
    return { ours: median(ours), theirs: median(theirs) };
  };
  for (let i = 0; i < WARM_UP; i++) await round();
  const rounds: Round[] = [];
  while (rounds.length < ROUNDS) rounds.push(await round());
  return { rounds, dispatches: step.stats().dispatches, rawDispatches: inspected.dispatches };
}

/** Dawn's process-wide instance has to outlive its devices. */
let instance: GPU | undefined;

async function openDevice(): Promise<GPUDevice> {
  Object.assign(globalThis, globals);
  instance ??= create(['backend=null']);
  const adapter = await instance.requestAdapter();
  if (adapter === null) throw new Error('the package webgpu has no null backend');
  return adapter.requestDevice();
}

const run = await compare();
process.send?.(run, () => process.exit());
