/** Flax's tests of scan as behaviours, under their names. The carry is an argument of its own here, so it needs no mark among axes. */
import { expect, it } from 'vitest';
import { BatchStat, Module, Param, Rngs, checkpoint, cpu, grad, jit, lax, nn, nnx, np, random, withDevice } from '../../../src/index.ts';
import type { Tensor } from '../../../src/index.ts';
import { assertAllClose } from '../../../src/testing/index.ts';
import { codeOf } from '../../support/host.ts';

const on = <T>(f: () => T): T => withDevice(cpu, f);

/** A layer, the statistics of its batches, dropout, and a Variable that no layer has for itself. */
class MLP extends Module {
  readonly linear: nnx.Linear;
  readonly bn: nnx.BatchNorm;
  readonly dropout: nnx.Dropout;
  readonly node: BatchStat = new BatchStat(np.ones([2]));

  constructor(rngs: Rngs) {
    super();
    this.linear = new nnx.Linear(3, 3, { rngs });
    this.bn = new nnx.BatchNorm(3, { rngs });
    this.dropout = new nnx.Dropout(0.5, { rngs });
  }

  forward(x: Tensor): Tensor {
    return nn.gelu(this.dropout.forward(this.bn.forward(this.linear.forward(x))));
  }
}

const layers = (rngs: Rngs = on(() => new Rngs(0))): MLP => on(() => nnx.repeat(5, (rngs) => new MLP(rngs), { rngs }));
const x = np.ones([2, 3]);

it('test_broadcast_args: what is the same in every step', async () => {
  const step = (carry: Tensor, [scale, x]: [Tensor, Tensor]): [Tensor, Tensor] => {
    const next = carry.add(x.mul(scale));
    return [next, next];
  };
  const xs: [Tensor, Tensor] = [np.array(2), np.arange(5).astype('float32')];
  const [last, ys] = on(() => lax.scan(step, np.array(0), xs, { xsAxes: [null, 0] }));
  await assertAllClose([last, ys], [np.array(20), np.array([0, 2, 6, 12, 20])]);
});

it('test_variables_in_scan: stacked Variables made by a loop, and applied by one', async () => {
  const rngs = on(() => new Rngs(0).split(5));
  const [, [w, b]] = on(() =>
    lax.scan((carry: null, rngs: Rngs) => [carry, [new Param(random.normal(rngs.params(), [3, 3])), new Param(np.zeros([3]))]] as const, null, rngs),
  );
  expect([w.shape, b.shape]).toEqual([[5, 3, 3], [5, 3]]);
  const run = (): Tensor => lax.scan((x: Tensor, [w, b]: readonly Param[]) => [nn.gelu(x.matmul(w!).add(b!)), null] as const, x, [w, b])[0];
  await assertAllClose(on(run), on(() => jit(run)()));
});

it('test_variables_as_carries_in_scan: they come back as themselves', async () => {
  const [w, count] = [new Param(np.ones([3])), new BatchStat(0)];
  const step = ([w, count]: [Param, BatchStat], x: Tensor): readonly [[Param, BatchStat], Tensor] => {
    count.update((count) => count.add(1));
    return [[w, count], x.mul(w)];
  };
  const [[sameW, sameCount], y] = on(() => lax.scan(step, [w, count] as [Param, BatchStat], np.ones([5, 1, 3])));
  expect([sameW === w, sameCount === count, y.shape]).toEqual([true, true, [5, 1, 3]]);
  await assertAllClose(count.value, 5);
});

it('test_variables_broadcast_in_scan: a Variable that is not sliced goes from step to step', async () => {
  const [w, count] = [new Param(np.ones([3])), new BatchStat(0)];
  const step = (carry: null, [w, count, x]: [Param, BatchStat, Tensor]): readonly [null, Tensor] => {
    count.update((count) => count.add(1));
    return [carry, x.mul(w).mul(count)];
  };
  const xs: [Param, BatchStat, Tensor] = [w, count, np.ones([5, 3])];
  const [, y] = on(() => lax.scan(step, null, xs, { xsAxes: [null, null, 0] }));
  await assertAllClose([np.slice(y, 4), count.value], [np.full([3], 5), np.array(5)]);
});

it('test_all_carry_new_reference_error: another Variable in the carry comes back as such, the first keeps its value', async () => {
  const foo = { n: new BatchStat(1) };
  const step = ({ n }: { n: BatchStat }, x: Tensor): readonly [{ n: BatchStat }, Tensor] => [{ n: new BatchStat(n.value.mul(2)) }, x];
  const [last] = on(() => lax.scan(step, foo, np.arange(3)));
  expect(last.n).not.toBe(foo.n);
  await assertAllClose([last.n.value, foo.n.value], [np.array(8), np.array(1)]);
});

it('test_scan_carry_identity_error: writing one Variable and returning another is an error', () => {
  const step = (n: BatchStat, x: Tensor): readonly [BatchStat, Tensor] => {
    n.value = n.value.add(1);
    return [new BatchStat(n.value), x];
  };
  expect(codeOf(() => on(() => lax.scan(step, new BatchStat(0), np.arange(3))))).toBe('STATE_WRITE');
});

it('test_in_axes_broadcast: a stack of layers beside what they share, by filters', async () => {
  const model = layers();
  const axes = nnx.stateAxes([[nnx.pathContains('node'), null], [nnx.rest, 0]]);
  model.node.value = np.array([1, 2]);
  const step = (x: Tensor, layer: MLP): Tensor => {
    layer.node.update((node) => node.mul(2));
    return layer.linear.forward(x).add(layer.node.value.sum());
  };
  const y = on(() => nnx.scanLayers(model, step, x, { xsAxes: axes }));
  expect(y.shape).toEqual([2, 3]);
  await assertAllClose(model.node.value, np.array([32, 64]));
});

it('test_complex: dropout and statistics of a stack', async () => {
  const model = layers();
  const y = on(() => nnx.scanLayers(model, (x, layer) => layer.forward(x), x));
  expect([y.shape, model.linear.kernel.shape, model.bn.mean.shape]).toEqual([[2, 3], [5, 3, 3], [5, 3]]);
  expect(await model.dropout.rngs!.count.value.array()).toEqual([1, 1, 1, 1, 1]);
  const quiet = nnx.view(model, { deterministic: true, useRunningAverage: true });
  on(() => nnx.scanLayers(quiet, (x, layer) => layer.forward(x), x));
  expect(await model.dropout.rngs!.count.value.array()).toEqual([1, 1, 1, 1, 1]);
});

it('test_complex_decorator: the loop inside of the module that holds the stack', async () => {
  class Stack extends Module {
    readonly layers: MLP = layers();

    forward(x: Tensor): Tensor {
      return nnx.scanLayers(this.layers, (x, layer) => layer.forward(x), x);
    }
  }
  const stack = on(() => new Stack());
  const slopes = on(() => jit(grad((m: Stack, x: Tensor) => m.forward(x).sum()), { device: cpu })(stack, x));
  expect(slopes.get('layers/linear/kernel').shape).toEqual([5, 3, 3]);
  expect(await stack.layers.dropout.rngs!.count.value.array()).toEqual([1, 1, 1, 1, 1]);
});

it('test_cache_tracing_simple: a jitted loop is traced once', () => {
  let traces = 0;
  const f = jit((x: Tensor) => lax.scan((carry: Tensor, x: Tensor) => [(traces++, carry.add(x)), x] as const, 0, x), { device: cpu });
  for (let i = 0; i < 3; i++) f(np.arange(5));
  // A weakly typed carry that becomes strong is one more.
  expect(traces).toBeLessThanOrEqual(2);
});

it('test_cache_tracing_object: and so is one over a model', () => {
  let traces = 0;
  const f = jit((m: MLP, x: Tensor) => nnx.scanLayers(m, (x, layer) => (traces++, layer.linear.forward(x)), x), { device: cpu });
  const model = layers();
  for (let i = 0; i < 3; i++) f(model, x);
  expect(traces).toBe(1);
});

it('test_scan_broadcast_keys: a stream that is not split goes on from step to step', async () => {
  const rngs = on(() => new Rngs({ params: 0, dropout: 1 }));
  const split = on(() => rngs.split({ params: 3 }));
  const axes = nnx.stateAxes([['params', 0], [nnx.rest, null]]);
  const step = (carry: null, rngs: Rngs): readonly [null, readonly [Tensor, Tensor]] => [carry, [rngs.params(), rngs.dropout()]];
  const [, [params, dropout]] = on(() => lax.scan(step, null, split, { xsAxes: axes }));
  const dropoutKeys = on(() => np.stack([0, 1, 2].map((count) => random.foldIn(random.key(1), count))));
  await assertAllClose(dropout, dropoutKeys, { rtol: 0, atol: 0 });
  await assertAllClose(rngs.stream('dropout').count.value, np.array(Uint32Array.of(3)).reshape([]));
  expect(params.shape).toEqual([3, 2]);
});

it('test_rnn_example: a cell along the time of a batch', async () => {
  class Cell extends Module {
    readonly linear: nnx.Linear;
    readonly drop: nnx.Dropout;

    constructor(rngs: Rngs) {
      super();
      this.linear = new nnx.Linear(5, 3, { rngs });
      this.drop = new nnx.Dropout(0.1, { rngs });
    }

    forward(h: Tensor, x: Tensor): [Tensor, Tensor] {
      const next = np.tanh(this.linear.forward(np.concatenate([h, this.drop.forward(x)], { axis: -1 })));
      return [next, next];
    }
  }
  const cell = on(() => new Cell(new Rngs(0)));
  const xs = np.ones([4, 6, 2]);
  const [h, ys] = on(() => lax.scan((h: Tensor, x: Tensor) => cell.forward(h, x), np.zeros([4, 3]), np.moveaxis(xs, 1, 0)));
  expect([h.shape, np.moveaxis(ys, 0, 1).shape]).toEqual([[4, 3], [4, 6, 3]]);
  expect(await cell.drop.rngs!.count.value.item()).toBe(6);
});

it('test_broadcast_variable_mutation: a captured Variable that the body writes is carried, and not lost', async () => {
  const count = new BatchStat(1);
  on(() => lax.scan((carry: null) => (count.update((value) => value.add(1)), [carry, null] as const), null, null, { length: 3 }));
  await assertAllClose(count.value, 4);
});

it('test_scan_reverse: from the last to the first', async () => {
  const step = (carry: Tensor, x: Tensor): [Tensor, Tensor] => [carry.mul(2).add(x), carry];
  const [last, ys] = on(() => lax.scan(step, np.array(0), np.array([1, 2, 3]), { reverse: true }));
  await assertAllClose([last, ys], [np.array(17), np.array([8, 3, 0])]);
});

it('test_scan_axis_1: another axis is moved to the front', async () => {
  const xs = np.array([[1, 2, 3], [4, 5, 6]]);
  const [last] = on(() => lax.scan((carry: Tensor, x: Tensor) => [carry.add(x), null] as const, np.zeros([2]), np.moveaxis(xs, 1, 0)));
  await assertAllClose(last, np.array([6, 15]));
  const elsewhere = (): unknown => on(() => lax.scan((carry: null, x: Tensor) => [carry, x] as const, null, xs, { xsAxes: 1 }));
  expect(elsewhere).toThrow(/\[VMAP_AXIS\].*xs has axis 1 in xsAxes[\s\S]*np\.moveaxis\(xs, 1, 0\)/);
});

it('test_scan_axis_negative_1: the last one, too', async () => {
  const xs = np.ones([2, 3, 4]);
  const [, ys] = on(() => lax.scan((carry: null, x: Tensor) => [carry, x.sum()] as const, null, np.moveaxis(xs, -1, 0)));
  await assertAllClose(ys, np.full([4], 6));
});

it('test_scan_different_in_out_axes: results are moved where they belong', async () => {
  const [, ys] = on(() => lax.scan((carry: null, x: Tensor) => [carry, x.mul(2)] as const, null, np.ones([5, 3])));
  expect(np.moveaxis(ys, 0, 1).shape).toEqual([3, 5]);
});

it('test_remat_with_scan_decorator: layers that are computed again for the gradient', async () => {
  const [plain, again] = [layers(), layers()];
  const loss = (options: nnx.ScanLayersOptions) => (m: MLP): Tensor => nnx.scanLayers(m, (x, layer) => layer.forward(x), x, { ...options, hasAux: false }).sum();
  const wrapped = checkpoint((x: Tensor, layer: MLP) => layer.forward(x));
  const results = on(() => [
    grad(loss({}))(plain).get('linear/kernel').value,
    grad(loss({ checkpoint: true }))(again).get('linear/kernel').value,
    grad((m: MLP) => nnx.scanLayers(m, wrapped, x).sum())(layers()).get('linear/kernel').value,
  ]);
  for (const result of results) await assertAllClose(result, results[0]!, { atol: 1e-6 });
  await assertAllClose([plain.bn.mean.value, plain.dropout.rngs!.count.value], [again.bn.mean.value, again.dropout.rngs!.count.value]);
});

it('test_scan_with_aux: what each layer gives beside', async () => {
  const model = layers();
  const [y, ys] = on(() => nnx.scanLayers(model, (x, layer) => [layer.linear.forward(x), x.sum()] as const, x, { hasAux: true, unroll: 2 }));
  expect([y.shape, ys.shape]).toEqual([[2, 3], [5]]);
  await assertAllClose(np.slice(ys, 0), 6);
});
