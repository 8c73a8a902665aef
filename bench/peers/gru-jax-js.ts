/** The GRU of loops/gru.ts in jax-js, which has no scan: the steps are unrolled while it is traced. */
import { measure } from '../measure.ts';
import type { Measured } from '../measure.ts';
import { BATCH, WIDTH } from '../loops/gru-size.ts';
import { openJaxJs } from './jax-js.ts';
import type { Peer, PeerArray } from './jax-js.ts';

interface Weights {
  readonly input: PeerArray;
  readonly hidden: PeerArray;
  readonly bias: PeerArray;
}

/** Value and gradient over `steps` steps, or why it could not be measured. */
export async function unrolledGru(steps: number): Promise<Measured | string> {
  const opened = await openJaxJs();
  if (typeof opened === 'string') return opened;
  const { peer } = opened;
  const { random, numpy: np } = peer;
  const weights: Weights = {
    input: random.normal(random.key(0), [WIDTH, 3 * WIDTH]).mul(0.1),
    hidden: random.normal(random.key(1), [WIDTH, 3 * WIDTH]).mul(0.1),
    bias: np.zeros([3 * WIDTH]),
  };
  const xs = random.normal(random.key(2), [steps, BATCH, WIDTH]);
  const step = peer.jit(peer.valueAndGrad((own: Weights, sequence: PeerArray) => loss(peer, own, sequence, steps)));
  const call = (): [PeerArray, Weights] =>
    step({ input: weights.input.ref, hidden: weights.hidden.ref, bias: weights.bias.ref }, xs.ref);
  const read = async ([value, { input, hidden, bias }]: [PeerArray, Weights]): Promise<unknown> => {
    await peer.blockUntilReady([value.ref, input, hidden, bias]);
    return value.data();
  };
  return measure(opened, call, read);
}

function loss(peer: Peer, weights: Weights, xs: PeerArray, steps: number): PeerArray {
  const { numpy: np } = peer;
  let h = np.zeros([BATCH, WIDTH]);
  let total = np.array(0);
  for (let t = 0; t < steps; t++) {
    h = cell(peer, weights, h, xs.ref.slice(t));
    total = total.add(np.mean(h.ref.mul(h.ref)));
  }
  for (const used of [h, xs, weights.input, weights.hidden, weights.bias]) used.dispose();
  return total;
}

function cell({ numpy: np, nn }: Peer, { input, hidden, bias }: Weights, h: PeerArray, x: PeerArray): PeerArray {
  const fromX = np.matmul(x, input.ref).add(bias.ref);
  const fromH = np.matmul(h.ref, hidden.ref);
  const part = (gates: PeerArray, i: number): PeerArray => gates.ref.slice([], [i * WIDTH, (i + 1) * WIDTH]);
  const z = nn.sigmoid(part(fromX, 0).add(part(fromH, 0)));
  const r = nn.sigmoid(part(fromX, 1).add(part(fromH, 1)));
  const n = np.tanh(part(fromX, 2).add(r.mul(part(fromH, 2))));
  fromX.dispose();
  fromH.dispose();
  return n.ref.add(z.mul(h.sub(n)));
}
