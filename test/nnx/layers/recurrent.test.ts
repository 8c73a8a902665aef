/** What cells, RNN and Bidirectional do beside giving Flax's numbers: loops, lengths, carries, derivatives. On `cpu`. */
import { describe, expect, expectTypeOf, test } from 'vitest';
import { cpu, grad, jit, makeJaxpr, nnx, np, random, vmap, withDevice } from '../../../src/index.ts';
import type { Tensor } from '../../../src/index.ts';
import { assertAllClose, checkGrads } from '../../../src/testing/index.ts';
import { codeOf } from '../../support/host.ts';

const on = <T>(f: () => T): T => withDevice(cpu, f);
const normal = (seed: number, ...shape: number[]): Tensor => on(() => random.normal(random.key(seed), shape));
/** The tensor on cpu and not merely on the host, so that programs over it run there, also behind an await. */
const resident = (tensor: Tensor): Tensor => on(() => jit((x: Tensor) => x.add(0))(tensor));
const int32 = (values: number[]): Tensor => np.array(values, { dtype: 'int32' });

const lstm = on(() => new nnx.LSTMCell(3, 4, { rngs: new nnx.Rngs(0) }));
const gru = on(() => new nnx.GRUCell(3, 4, { rngs: new nnx.Rngs(1) }));
const x = normal(2, 2, 5, 3);
const steps = on(() => np.split(x, 5, { axis: 1 }).map((step) => np.squeeze(step, 1)));

/** Compares two results of one computation on cpu. */
async function expectEqual(f: () => readonly [actual: unknown, expected: unknown]): Promise<void> {
  const [actual, expected] = on(f);
  await assertAllClose(actual, expected, { rtol: 1e-5, atol: 2e-6 });
}

/** What the RNN should do, as a loop over these steps: the last carry, and the outputs [2, time, 4]. */
function looped<Carry>(cell: nnx.RNNCellBase<Carry>, over: readonly Tensor[], first?: Carry): [Carry, Tensor] {
  let carry = first ?? cell.initializeCarry([2, 3]);
  const ys = over.map((step) => {
    const [next, y] = cell.forward(carry, step);
    carry = next;
    return y;
  });
  return [carry, np.stack(ys, { axis: 1 })];
}

describe('cells', () => {
  test('OptimizedLSTMCell is LSTMCell with kernels beside each other', async () => {
    const optimized = on(() => new nnx.OptimizedLSTMCell(3, 4, { rngs: new nnx.Rngs(0) }));
    const { ii, if_, ig, io, hi, hf, hg, ho } = lstm;
    on(() => {
      optimized.dense_i.kernel.value = np.concatenate([ii, if_, ig, io].map(({ kernel }) => kernel.value), { axis: 1 });
      optimized.dense_h.kernel.value = np.concatenate([hi, hf, hg, ho].map(({ kernel }) => kernel.value), { axis: 1 });
      optimized.dense_h.bias!.value = np.concatenate([hi, hf, hg, ho].map(({ bias }) => bias!.value));
    });
    const carry = [normal(3, 2, 4), normal(4, 2, 4)] as const;
    await expectEqual(() => [optimized.forward(carry, steps[0]!), lstm.forward(carry, steps[0]!)]);
  });

  test('recurrent kernels are orthogonal', async () => {
    const { kernel } = lstm.hi;
    await expectEqual(() => [kernel.value.matmul(kernel.value.transpose()), np.eye(4)]);
    await expectEqual(() => [gru.dense_h.kernel.value.matmul(gru.dense_h.kernel.value.transpose()), np.eye(4)]);
  });

  test('a carry of zeros needs no keys, a random one does', async () => {
    const carryInit = nnx.initializers.ones;
    await expectEqual(() => [gru.initializeCarry([2, 7, 3]), np.zeros([2, 7, 4])]);
    await expectEqual(() => [lstm.initializeCarry([3], new nnx.Rngs(0), carryInit), [np.ones([4]), np.ones([4])]]);
    expect(codeOf(() => on(() => gru.initializeCarry([2, 3], null, carryInit)))).toBe('RNG');
    const rngs = on(() => new nnx.Rngs({ carry: 0 }));
    on(() => lstm.initializeCarry([2, 3], rngs));
    expect(await rngs.stream('carry').count.value.item()).toBe(2);
  });

  test('their own activations, and no batch axis', async () => {
    const options = { activationFn: (x: Tensor) => x, recurrentKernelInit: nnx.initializers.zeros };
    const cell = on(() => new nnx.SimpleCell(3, 4, { ...options, rngs: new nnx.Rngs(0) }));
    const one = normal(5, 3);
    await expectEqual(() => [cell.forward(np.zeros([4]), one)[1], one.matmul(cell.dense_i.kernel)]);
  });
});

describe('RNN', () => {
  const rnn = new nnx.RNN(lstm);

  test('is a loop over time', async () => {
    await expectEqual(() => [rnn.forward(x, { returnCarry: true }), looped(lstm, steps)]);
    const first = [normal(3, 2, 4), normal(4, 2, 4)] as const;
    await expectEqual(() => [rnn.forward(x, { returnCarry: true, initialCarry: first }), looped(lstm, steps, first)]);
  });

  test('is one scan, whatever the length', () => {
    const equations = (length: number): string[] =>
      on(() => makeJaxpr((x: Tensor) => rnn.forward(x))(np.zeros([2, length, 3]))).jaxpr.equations.map(
        ({ primitive }) => primitive.name,
      );
    expect(equations(3).filter((name) => name === 'scan')).toEqual(['scan']);
    expect(equations(300)).toEqual(equations(3));
  });

  test('with time first', async () => {
    const major = new nnx.RNN(gru, { timeMajor: true });
    await expectEqual(() => [np.swapaxes(major.forward(np.swapaxes(x, 0, 1)), 0, 1), looped(gru, steps)[1]]);
    await expectEqual(() => [major.forward(x, { timeMajor: false }), looped(gru, steps)[1]]);
  });

  test('reversed, with outputs in the order of steps or of inputs', async () => {
    const [carry, ys] = on(() => looped(gru, steps.toReversed()));
    const reversed = new nnx.RNN(gru, { reverse: true, returnCarry: true });
    await expectEqual(() => [reversed.forward(x), [carry, ys]]);
    await expectEqual(() => [reversed.forward(x, { keepOrder: true }), [carry, np.flip(ys, 1)]]);
  });

  test.each([false, true])('with lengths, reversed: %s', async (reverse) => {
    const seqLengths = int32([3, 0]);
    const [carry, y] = on(() => new nnx.RNN(gru, { reverse, keepOrder: true }).forward(x, { seqLengths, returnCarry: true }));
    const three = steps.slice(0, 3);
    const [wanted, ys] = on(() => looped(gru, reverse ? three.toReversed() : three));
    await expectEqual(() => [np.take(carry, 0, { axis: 0 }), np.take(wanted, 0, { axis: 0 })]);
    await expectEqual(() => [np.take(carry, 1, { axis: 0 }), np.zeros([4])]);
    const outputs = (y: Tensor): Tensor => np.take(y, 0, { axis: 0 }).slice([0, 3]);
    await expectEqual(() => [outputs(y), outputs(reverse ? np.flip(ys, 1) : ys)]);
  });

  test('lengths of all steps are no lengths, and padding has no influence on the carry', async () => {
    const carryOf = (x: Tensor, lengths: number[]): nnx.LSTMCarry =>
      rnn.forward(x, { seqLengths: int32(lengths), returnCarry: true })[0];
    await expectEqual(() => [carryOf(x, [5, 5]), rnn.forward(x, { returnCarry: true })[0]]);
    const padded = (): Tensor => np.where(np.less(np.arange(5), 2).reshape([5, 1]), x, 1e3);
    await expectEqual(() => [carryOf(padded(), [2, 1]), carryOf(x, [2, 1])]);
  });

  test('unrolled', async () => {
    for (const unroll of [2, 5]) await expectEqual(() => [new nnx.RNN(lstm, { unroll }).forward(x), rnn.forward(x)]);
  });

  test('inside of vmap and jit', async () => {
    await expectEqual(() => [vmap((x: Tensor) => rnn.forward(x))(x), rnn.forward(x)]);
    await expectEqual(() => [jit((rnn: nnx.RNN<nnx.LSTMCell>, x: Tensor) => rnn.forward(x))(rnn, x), rnn.forward(x)]);
  });

  test('a cell of the user, whose state the loop carries', async () => {
    class Counting extends nnx.RNNCellBase<Tensor> {
      readonly calls: nnx.BatchStat = new nnx.BatchStat(0);
      override initializeCarry([...batch]: readonly number[]): Tensor {
        return np.zeros(batch);
      }
      override forward(carry: Tensor, x: Tensor): readonly [Tensor, Tensor] {
        this.calls.update((calls) => calls.add(1));
        const sum = carry.add(x);
        return [sum, sum];
      }
    }
    const cell = on(() => new Counting());
    await expectEqual(() => [new nnx.RNN(cell).forward(x), np.cumsum(x, { axis: 1 })]);
    expect(await cell.calls.value.item()).toBe(5);
  });

  test('derivatives', async () => {
    for (const cell of [lstm, gru] as readonly nnx.RNNCellBase<unknown>[]) {
      const params = [...cell.split()[0]].map(([, variable]) => variable);
      const values = params.map(({ value }) => resident(value));
      const loss = (values: Tensor[], x: Tensor): Tensor => {
        params.forEach((param, i) => (param.value = values[i]!));
        return new nnx.RNN(cell, { reverse: true }).forward(x, { seqLengths: int32([3, 5]) });
      };
      await checkGrads(loss, [values, resident(x)]);
    }
  });

  test('the gradient of a module', async () => {
    const gradient = on(() => grad((rnn: nnx.RNN<nnx.LSTMCell>) => np.sum(rnn.forward(x)))(rnn));
    const unrolled = on(() => grad((cell: nnx.LSTMCell) => np.sum(looped(cell, steps)[1]))(lstm));
    expect([...gradient.keys()]).toEqual([...unrolled.keys()].map((path) => `cell/${path}`));
    await assertAllClose(
      [...gradient].map(([, { value }]) => value),
      [...unrolled].map(([, { value }]) => value),
      { rtol: 1e-4, atol: 1e-5 },
    );
  });

  test('types', () => {
    expectTypeOf(rnn.forward<false>).returns.toEqualTypeOf<Tensor>();
    const both = new nnx.RNN(gru, { returnCarry: true });
    expectTypeOf(both).toEqualTypeOf<nnx.RNN<nnx.GRUCell, true>>();
    const [carry] = on(() => both.forward(x));
    expectTypeOf(carry).toEqualTypeOf<Tensor>();
    expectTypeOf<nnx.CarryOf<nnx.LSTMCell>>().toEqualTypeOf<nnx.LSTMCarry>();
  });
});

describe('Bidirectional', () => {
  const [forward, backward] = [new nnx.RNN(lstm), new nnx.RNN(gru)];

  test('is one direction beside the other, each with its carry', async () => {
    const both = new nnx.Bidirectional(forward, backward);
    const [ahead, y] = on(() => looped(lstm, steps));
    const [back, z] = on(() => looped(gru, steps.toReversed()));
    const expected = on(() => np.concatenate([y, np.flip(z, 1)], { axis: -1 }));
    await expectEqual(() => [both.forward(x), expected]);
    await expectEqual(() => [both.forward(x, { returnCarry: true }), [[ahead, back], expected]]);
  });

  test('goes on from its own carries, with time first', async () => {
    const both = new nnx.Bidirectional(forward, backward, { timeMajor: true, returnCarry: true, mergeFn: np.add });
    const major = on(() => np.swapaxes(x, 0, 1));
    const [carries] = on(() => both.forward(major));
    const [[c, h], back] = carries;
    await expectEqual(() => [
      both.forward(major, { initialCarry: carries })[1],
      np.add(
        forward.forward(major, { timeMajor: true, initialCarry: [c, h] }),
        backward.forward(major, { timeMajor: true, initialCarry: back, reverse: true, keepOrder: true }),
      ),
    ]);
  });

  test('one module in both places has its parameters once', () => {
    const both = new nnx.Bidirectional(backward, backward);
    const paths = ['dense_h/kernel', 'dense_i/bias', 'dense_i/kernel'];
    expect([...both.split()[0].keys()]).toEqual(paths.map((path) => `backward_rnn/cell/${path}`));
    expect(on(() => both.forward(x)).shape).toEqual([2, 5, 8]);
  });
});
