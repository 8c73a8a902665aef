/**
 * The same step with the encoding, until it returns, against the raw WebGPU calls that encode and submit the same dispatches.
 * Both go to Dawn with its null backend, which validates and encodes as for a GPU, and executes nothing: on a machine without a GPU
 * the adapter's own threads would take the processor from both.
 */
import { create, globals } from 'webgpu';
import { init, inspect, sync } from 'heddle';
import { bound } from '../line.ts';
import type { Line } from '../line.ts';
import { training } from './model.ts';
import { rawProgram } from './raw-program.ts';
import { median, microseconds, quartiles, timed } from './rounds.ts';

/** As in a training loop: the first calls after other work pay for what that left in the processor's caches. */
const CALLS = 50;
/** The best one of each side counts: more of them than elsewhere, because both have to meet a quiet moment of the machine. */
const ROUNDS = 120;
const MOST = 1.3;
/** Rounds until the engine has compiled what is called often, and buffers of losses that nobody disposes come back to the pool. */
const WARM_UP = 20;

export async function encoding(): Promise<Line> {
  const gpu = await openDevice();
  await init({ device: gpu });
  const { model, x, y, step } = training();
  for (let i = 0; i < 4; i++) await step(model, x, y).ready();
  const inspected = inspect(step)(model, x, y);
  const raw = rawProgram(gpu, inspected.program);
  const round = async (): Promise<{ readonly ours: number; readonly theirs: number }> => {
    const [ours, theirs]: [number[], number[]] = [[], []];
    for (let i = 0; i < CALLS; i++) ours.push(timed(() => step(model, x, y)));
    await sync();
    for (let i = 0; i < CALLS; i++) theirs.push(timed(raw));
    await sync();
    return { ours: median(ours), theirs: median(theirs) };
  };
  for (let i = 0; i < WARM_UP; i++) await round();
  const rounds: { readonly ours: number; readonly theirs: number }[] = [];
  while (rounds.length < ROUNDS) rounds.push(await round());
  const ours = Math.min(...rounds.map((round) => round.ours));
  const theirs = Math.min(...rounds.map((round) => round.theirs));
  const ratio = ours / theirs;
  return {
    name: 'training step of a 50-layer MLP, encoding included',
    figures: {
      dispatches: step.stats().dispatches,
      'us a call, median': microseconds(ours),
      'us of the raw WebGPU calls': microseconds(theirs),
      ratio: Math.round(100 * ratio) / 100,
      [`ratios of half of ${ROUNDS} rounds`]: quartiles(rounds.map((round) => round.ours / round.theirs)),
    },
    bounds: [
      bound('both encode the same number of dispatches', step.stats().dispatches === inspected.dispatches),
      bound(`ratio <= ${MOST}`, ratio <= MOST),
    ],
  };
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
