/** Small functions as users write them, on a vector and a counter, and a module whose state they read and write. */
import { BatchStat, Module, Param, lax, nn, np, random } from '../../../src/index.ts';
import type { Tensor, Variable } from '../../../src/index.ts';

/** What flows through a stack: float32[3] of moderate size, and an int32 scalar on which decisions are made, exactly. */
export interface Flow {
  readonly n: Tensor;
  readonly x: Tensor;
}

/** The state of a Cell as values. */
export interface CellState {
  readonly calls: Tensor;
  readonly total: Tensor;
}

export class Cell extends Module {
  readonly calls: BatchStat;
  readonly total: BatchStat;

  constructor({ calls, total }: CellState) {
    super();
    this.calls = new BatchStat(calls);
    this.total = new BatchStat(total);
  }

  get state(): CellState {
    return { calls: this.calls.value, total: this.total.value };
  }

  set state({ calls, total }: CellState) {
    this.calls.value = calls;
    this.total.value = total;
  }
}

class Affine extends Module {
  readonly w: Param = new Param(np.array([[0.5, -0.25, 0.125], [0.75, 0.5, -0.5], [-0.25, 0.5, 0.25]]));
  readonly b: Param = new Param(np.array([0.25, -0.5, 0.125]));

  forward(x: Tensor): Tensor {
    return x.matmul(this.w).add(this.b);
  }
}

const affine = new Affine();
/** The Variables that layers capture, in the order in which they are read. */
export const captured = (): readonly Variable[] => [affine.w, affine.b];

const scale = np.array([1.5, -0.5, 0.75]);

/** Without state; what they capture is concrete. */
export const LAYERS: Readonly<Record<string, (flow: Flow) => Flow>> = {
  identity: (flow) => flow,
  tanh: ({ n, x }) => ({ n, x: np.tanh(x.mul(2).sub(0.5)) }),
  softmax: ({ n, x }) => ({ n, x: nn.softmax(x).sub(nn.relu(x).mul(0.25)) }),
  normalize: ({ n, x }) => ({ n: n.neg(), x: x.sub(np.mean(x)).div(np.std(x).add(1)) }),
  module: ({ n, x }) => ({ n, x: affine.forward(x) }),
  captured: ({ n, x }) => ({ n: n.add(1), x: x.mul(scale) }),
  contract: ({ n, x }) => ({ n, x: np.einsum('i,j,j->i', x, nn.sigmoid(x), scale).mul(0.25) }),
  count: ({ n, x }) => ({ n: np.bitwiseAnd(n.mul(5).add(3), 255), x: np.where(np.equal(np.mod(n, 3), 0), x, x.mul(0.5)) }),
  random: ({ n, x }) => ({ n, x: x.add(random.uniform(random.foldIn(random.key(3), n), [3])) }),
  turn: ({ n, x }) => ({ n, x: np.take(x, np.mod(np.arange(3).add(n), 3)) }),
  window: ({ n, x }) => ({ n, x: lax.dynamicSlice(np.concatenate([x, np.flip(x)]), [np.mod(n, 4)], [3]) }),
  write: ({ n, x }) => ({ n, x: lax.dynamicUpdateSlice(x, np.max(x).reshape([1]), [np.mod(n, 3)]) }),
  outer: ({ n, x }) => ({ n, x: np.sum(np.outer(x, x.mul(0.25)), { axis: 0 }) }),
  reflect: ({ n, x }) => ({ n: np.argmax(nn.oneHot(np.mod(n, 4), 4)).add(n), x: np.stack([x, np.abs(x)]).reshape([6]).slice([1, 4]) }),
};

/** With state: functionally, from values to values. */
export const STATEFUL = {
  read: ({ n, x }, state) => [{ n: n.add(state.calls.astype('int32')), x: x.add(state.total.mul(0.5)) }, state],
  tick: ({ n, x }, { calls, total }) => [{ n, x: x.div(calls.add(2)) }, { calls: calls.add(1), total }],
  drift: ({ n, x }, { calls, total }) => {
    const next = total.mul(0.5).add(x);
    return [{ n, x: next.mul(0.5) }, { calls, total: next }];
  },
} satisfies Readonly<Record<string, (flow: Flow, state: CellState) => readonly [Flow, CellState]>>;
