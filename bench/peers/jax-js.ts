/** jax-js in Node, on a counted device; it knows WebGPU by `navigator.gpu` only. */
import { existsSync } from 'node:fs';
import { countingDevice } from 'heddle/testing';
import type { Counts } from 'heddle/testing';

/** The installed package, beside the sources of the benchmarks: this file runs from dist/bench/peers/. */
const ENTRY = new URL('../../../bench/node_modules/@jax-js/jax/dist/index.js', import.meta.url);

/** What the benchmarks use of an array. `ref` keeps it alive for one more use. */
export interface PeerArray {
  readonly ref: PeerArray;
  add(other: PeerArray): PeerArray;
  sub(other: PeerArray): PeerArray;
  mul(other: PeerArray | number): PeerArray;
  slice(...indices: unknown[]): PeerArray;
  data(): Promise<ArrayLike<number>>;
  dispose(): void;
}

export interface Peer {
  readonly numpy: {
    matmul(a: PeerArray, b: PeerArray): PeerArray;
    tanh(x: PeerArray): PeerArray;
    mean(x: PeerArray): PeerArray;
    zeros(shape: readonly number[]): PeerArray;
    array(value: number): PeerArray;
  };
  readonly nn: { sigmoid(x: PeerArray): PeerArray };
  readonly random: { key(seed: number): PeerArray; normal(key: PeerArray, shape: readonly number[]): PeerArray };
  jit<F>(f: F): F;
  valueAndGrad<W, A extends unknown[]>(f: (weights: W, ...args: A) => PeerArray): (weights: W, ...args: A) => [PeerArray, W];
  blockUntilReady<T>(tree: T): Promise<T>;
  init(device: string): Promise<unknown>;
  defaultDevice(device: string): unknown;
}

export interface OpenedPeer {
  readonly peer: Peer;
  readonly counts: Counts;
  readonly reset: () => void;
}

let opened: Promise<OpenedPeer | string> | undefined;

/** Opens the peer once, or says why it cannot be measured. */
export function openJaxJs(): Promise<OpenedPeer | string> {
  return (opened ??= open());
}

async function open(): Promise<OpenedPeer | string> {
  if (!existsSync(ENTRY)) return 'not installed: npm ci --prefix bench';
  const { create, globals } = await import('webgpu');
  Object.assign(globalThis, globals);
  const gpu = create([]);
  const counted: { counts?: Counts; reset?: () => void } = {};
  const requestAdapter = async (options?: GPURequestAdapterOptions): Promise<GPUAdapter | null> => {
    const adapter = await gpu.requestAdapter(options);
    if (adapter === null) return null;
    const { requestDevice } = adapter;
    adapter.requestDevice = async (descriptor): Promise<GPUDevice> => {
      const { device, counts, reset } = countingDevice(await requestDevice.call(adapter, descriptor));
      Object.assign(counted, { counts, reset });
      return device;
    };
    return adapter;
  };
  const navigator = { userAgent: 'Node', hardwareConcurrency: 2, gpu: { requestAdapter } };
  Object.defineProperty(globalThis, 'navigator', { value: navigator, configurable: true });
  const peer = (await import(ENTRY.href)) as Peer;
  await peer.init('webgpu');
  peer.defaultDevice('webgpu');
  if (counted.counts === undefined || counted.reset === undefined) return 'it did not open a WebGPU device';
  return { peer, counts: counted.counts, reset: counted.reset };
}
