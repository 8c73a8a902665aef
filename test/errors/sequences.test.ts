/** Attention and recurrence that go wrong: the whole message each time. */
import { describe, expect, test } from 'vitest';
import { cpu, jit, lax, nn, nnx, np, withDevice } from '../../src/index.ts';
import type { Tensor } from '../../src/index.ts';
import { messageOf, messageOfAsync } from '../support/messages.ts';

const on = <T>(f: () => T): T => withDevice(cpu, f);
const unchecked = (value: unknown): never => value as never;
const message = (f: () => unknown): string => messageOf(() => on(f));
const rngs = new nnx.Rngs(0);
const [ones, zeros] = [nnx.initializers.ones, nnx.initializers.zeros];
const heads = (...shape: number[]): Tensor => np.ones(shape);
const attention = (options: Partial<nnx.MultiHeadAttentionOptions> = {}): nnx.MultiHeadAttention =>
  on(() => new nnx.MultiHeadAttention(2, 4, { kernelInit: ones, rngs, ...options }));

describe('dotProductAttention', () => {
  test('of shapes that do not belong together', () => {
    expect(message(() => nn.dotProductAttention(heads(3, 4, 2), heads(5, 3, 2), heads(5, 3, 2)))).toMatchInlineSnapshot(`
      "[SHAPE] nn.dotProductAttention: of float32[3,4,2], float32[5,3,2], float32[5,3,2], the 4 heads of the queries are no multiple of the 3 of the keys
        at:  test/errors/sequences.test.ts:LINE
        fix: nn.dotProductAttention(np.ones([2, 5, 4, 8]), np.ones([2, 6, 4, 8]), np.ones([2, 6, 4, 8]))"
    `);
    expect(message(() => nn.dotProductAttention(heads(3, 4, 2), heads(5, 4, 2), heads(6, 4, 2)))).toMatchInlineSnapshot(`
      "[SHAPE] nn.dotProductAttention: of float32[3,4,2], float32[5,4,2], float32[6,4,2], the keys and values differ in length or heads
        at:  test/errors/sequences.test.ts:LINE
        fix: nn.dotProductAttention(np.ones([2, 5, 4, 8]), np.ones([2, 6, 4, 8]), np.ones([2, 6, 4, 8]))"
    `);
    expect(message(() => nnx.dotProductAttentionWeights(heads(2, 3, 4, 2), heads(1, 5, 4, 2)))).toMatchInlineSnapshot(`
      "[SHAPE] nnx.dotProductAttentionWeights: of float32[2,3,4,2], float32[1,5,4,2], the batch axes differ
        at:  test/errors/sequences.test.ts:LINE
        fix: nnx.dotProductAttentionWeights(np.ones([2, 5, 4, 8]), np.ones([2, 6, 4, 8]))"
    `);
    expect(message(() => nnx.dotProductAttention(heads(4, 2), heads(4, 2), heads(4, 2)))).toMatchInlineSnapshot(`
      "[SHAPE] nnx.dotProductAttention: of float32[4,2], float32[4,2], float32[4,2], the ranks are not one number of at least 3
        at:  test/errors/sequences.test.ts:LINE
        fix: nnx.dotProductAttention(np.ones([2, 5, 4, 8]), np.ones([2, 6, 4, 8]), np.ones([2, 6, 4, 8]))"
    `);
    expect(message(() => nnx.dotProductAttentionWeights(heads(3, 4, 2), heads(5, 4, 1)))).toMatchInlineSnapshot(`
      "[SHAPE] nnx.dotProductAttentionWeights: of float32[3,4,2], float32[5,4,1], the queries and keys have different depths
        at:  test/errors/sequences.test.ts:LINE
        fix: nnx.dotProductAttentionWeights(np.ones([2, 5, 4, 8]), np.ones([2, 6, 4, 8]))"
    `);
  });

  test('with a mask of another dtype or shape, or a window of no size', () => {
    const attend = (options: nn.AttentionOptions): Tensor =>
      nn.dotProductAttention(heads(3, 4, 2), heads(5, 4, 2), heads(5, 4, 2), options);
    expect(message(() => attend({ mask: np.ones([3, 5]) }))).toMatchInlineSnapshot(`
      "[DTYPE] nn.dotProductAttention: the mask float32[3,5] is not bool; what is added to the products is the bias
        at:  test/errors/sequences.test.ts:LINE
        fix: np.notEqual(mask, 0)"
    `);
    expect(message(() => attend({ mask: np.ones([5, 3], { dtype: 'bool' }) }))).toMatchInlineSnapshot(`
      "[SHAPE] nn.dotProductAttention: the mask bool[5,3] does not broadcast to the weights, [4,3,5]
        at:  test/errors/sequences.test.ts:LINE
        fix: np.ones([4,3,5], { dtype: 'bool' })"
    `);
    expect(message(() => attend({ querySeqLengths: np.ones([2], { dtype: 'int32' }) }))).toMatchInlineSnapshot(`
      "[SHAPE] nn.dotProductAttention: the lengths int32[2] are not integers, one for each of the batch []
        at:  test/errors/sequences.test.ts:LINE
        fix: np.full([], 3, { dtype: 'int32' })"
    `);
    expect(message(() => attend({ localWindowSize: [-1, 0] }))).toMatchInlineSnapshot(`
      "[VALUE] nn.dotProductAttention: the window [-1, 0] has a negative size
        at:  test/errors/sequences.test.ts:LINE
        fix: nn.dotProductAttention(q, k, v, { localWindowSize: [3, 0] })"
    `);
    expect(message(() => nnx.combineMasks(np.ones([3, 5]), np.ones([1, 3, 5])))).toMatchInlineSnapshot(`
      "[SHAPE] nnx.combineMasks: the masks float32[3,5], float32[1,3,5] have different ranks
        at:  test/errors/sequences.test.ts:LINE
        fix: nnx.combineMasks(mask, np.expandDims(other, 0))"
    `);
  });

  test('with dropout and no key', () => {
    const attend = (): Tensor => nnx.dotProductAttention(heads(3, 4, 2), heads(5, 4, 2), heads(5, 4, 2), { dropoutRate: 0.5 });
    expect(message(attend)).toMatchInlineSnapshot(`
      "[RNG] nnx.dotProductAttention: dropout at rate 0.5 needs a key
        at:  test/errors/sequences.test.ts:LINE
        fix: nnx.dotProductAttention(..., { dropoutRate: 0.5, dropoutRng: key })"
    `);
  });
});

describe('MultiHeadAttention', () => {
  test('of heads that do not divide', () => {
    expect(message(() => new nnx.MultiHeadAttention(3, 4, { rngs }))).toMatchInlineSnapshot(`
      "[VALUE] new nnx.MultiHeadAttention: the 4 features of queries and keys do not divide into 3 heads
        at:  test/errors/sequences.test.ts:LINE
        fix: { qkvFeatures: 6, rngs }"
    `);
    expect(message(() => new nnx.MultiHeadAttention(4, 8, { numKvHeads: 3, rngs }))).toMatchInlineSnapshot(`
      "[VALUE] new nnx.MultiHeadAttention: 4 heads do not divide into groups for 3 heads of keys and values
        at:  test/errors/sequences.test.ts:LINE
        fix: { numKvHeads: 1, rngs }"
    `);
  });

  test('of inputs with other features, or values without keys', () => {
    expect(message(() => attention().forward(np.ones([3, 5])))).toMatchInlineSnapshot(`
      "[SHAPE] MultiHeadAttention: the input float32[3,5] has 5 features on axis -1; the layer takes 4
        at:  test/errors/sequences.test.ts:LINE
        fix: new nnx.MultiHeadAttention(2, 5, { rngs })"
    `);
    expect(message(() => attention().forward(np.ones([3, 4]), np.ones([3, 5])))).toMatchInlineSnapshot(`
      "[SHAPE] MultiHeadAttention: the input float32[3,5] has 5 features on axis -1; the layer takes 4
        at:  test/errors/sequences.test.ts:LINE
        fix: new nnx.MultiHeadAttention(2, 4, { inKvFeatures: 5, rngs })"
    `);
    expect(message(() => attention().forward(np.ones([3, 4]), null, np.ones([3, 4])))).toMatchInlineSnapshot(`
      "[VALUE] MultiHeadAttention: there are values and no keys
        at:  test/errors/sequences.test.ts:LINE
        fix: attention.forward(x, keysAndValues)"
    `);
  });

  test('with dropout that nobody decides about, or without keys', () => {
    const x = np.ones([3, 4]);
    expect(message(() => attention({ dropoutRate: 0.5 }).forward(x))).toMatchInlineSnapshot(`
      "[VALUE] MultiHeadAttention has dropout, and neither its options nor the call say whether it is deterministic
        at:  test/errors/sequences.test.ts:LINE
        fix: attention.forward(x, { deterministic: false })"
    `);
    const keyless = { dropoutRate: 0.5, keepRngs: false };
    expect(message(() => attention(keyless).forward(x, { deterministic: false }))).toMatchInlineSnapshot(`
      "[RNG] MultiHeadAttention drops weights, and has no rngs, neither of its own nor from the call
        at:  test/errors/sequences.test.ts:LINE
        fix: attention.forward(x, { deterministic: false, rngs })"
    `);
    expect(message(() => attention({ dropoutRate: 1.5 }))).toMatchInlineSnapshot(`
      "[VALUE] new nnx.MultiHeadAttention: the rate of dropout is a probability, not the number 1.5
        at:  test/errors/sequences.test.ts:LINE
        fix: new nnx.MultiHeadAttention(..., { dropoutRate: 0.1 })"
    `);
  });

  test('decoding without a cache, of several positions, behind the end', async () => {
    const decoder = attention({ decode: true });
    expect(message(() => decoder.forward(np.ones([1, 4])))).toMatchInlineSnapshot(`
      "[VALUE] MultiHeadAttention: decoding needs a cache, and there is none
        at:  test/errors/sequences.test.ts:LINE
        fix: attention.initCache([batch, length, features])"
    `);
    on(() => decoder.initCache([1, 4]));
    expect(message(() => decoder.forward(np.ones([3, 4])))).toMatchInlineSnapshot(`
      "[SHAPE] MultiHeadAttention: decoding takes one position at a time, keys [1,2,2], and got [3,2,2]
        at:  test/errors/sequences.test.ts:LINE
        fix: attention.initCache([1, features])"
    `);
    on(() => decoder.forward(np.ones([1, 4])));
    expect(message(() => decoder.forward(np.ones([1, 4])))).toMatchInlineSnapshot(`
      "[CHECK] MultiHeadAttention: the cache of 1 positions is full, and initCache makes another
        at:  test/errors/sequences.test.ts:LINE
        fix: debug.print('x = {}', x) // before this line, to see the values"
    `);
    const step = jit((decoder: nnx.MultiHeadAttention, x: Tensor) => decoder.forward(x));
    expect(await messageOfAsync(() => on(() => step(decoder, np.ones([1, 4]))).data())).toMatchInlineSnapshot(`
      "[CHECK] MultiHeadAttention: the cache of 1 positions is full, and initCache makes another
        at:  test/errors/sequences.test.ts:LINE
        fix: debug.print('x = {}', x) // before this line, to see the values"
    `);
  });

  test('decoding in a loop of unknown length', () => {
    const decoder = attention({ decode: true });
    on(() => decoder.initCache([9, 4]));
    const loop = (x: Tensor): Tensor => lax.whileLoop((x) => np.less(np.sum(x), 9), (x) => decoder.forward(x), x);
    expect(message(() => loop(np.ones([1, 4])))).toMatchInlineSnapshot(`
      "[UNSUPPORTED] a check inside of while, whose number of steps is not known before it runs
        at:  test/errors/sequences.test.ts:LINE
        fix: lax.foriLoop(0, 10, body, init), or lax.scan(body, init, xs)"
    `);
  });
});

describe('recurrent cells', () => {
  const options = { recurrentKernelInit: zeros, kernelInit: zeros, rngs };
  const gru = on(() => new nnx.GRUCell(3, 4, options));
  const lstm = on(() => new nnx.LSTMCell(3, 4, options));

  test('with a carry of another shape or kind', () => {
    expect(message(() => gru.forward(np.zeros([4]), np.ones([2, 3])))).toMatchInlineSnapshot(`
      "[SHAPE] GRUCell: the carry float32[4] for the input float32[2,3] is not of shape [2,4]
        at:  test/errors/sequences.test.ts:LINE
        fix: cell.initializeCarry(x.shape)"
    `);
    expect(message(() => lstm.forward([np.zeros([2, 4]), np.zeros([2, 3])], np.ones([2, 3])))).toMatchInlineSnapshot(`
      "[SHAPE] LSTMCell: the carry float32[2,3] for the input float32[2,3] is not of shape [2,4]
        at:  test/errors/sequences.test.ts:LINE
        fix: cell.initializeCarry(x.shape)"
    `);
    expect(message(() => lstm.forward(unchecked(np.zeros([2, 4])), np.ones([2, 3])))).toMatchInlineSnapshot(`
      "[VALUE] LSTMCell: the carry is a pair [c, h], not an object of class Tensor
        at:  test/errors/sequences.test.ts:LINE
        fix: cell.initializeCarry(x.shape)"
    `);
  });

  test('with a random carry and no keys', () => {
    expect(message(() => gru.initializeCarry([2, 3], null, ones))).toMatchInlineSnapshot(`
      "[RNG] GRUCell: a random carry needs keys
        at:  test/errors/sequences.test.ts:LINE
        fix: cell.initializeCarry(x.shape, rngs, carryInit)"
    `);
  });

  test('over inputs without time, and with lengths that are none', () => {
    const rnn = new nnx.RNN(gru);
    expect(message(() => rnn.forward(np.ones([3])))).toMatchInlineSnapshot(`
      "[SHAPE] RNN: the input float32[3] has no time axis beside its features
        at:  test/errors/sequences.test.ts:LINE
        fix: rnn.forward(np.expandDims(x, 0))"
    `);
    expect(message(() => rnn.forward(np.ones([2, 5, 3]), { seqLengths: np.ones([2]) }))).toMatchInlineSnapshot(`
      "[DTYPE] RNN: the lengths float32[2] are not integers
        at:  test/errors/sequences.test.ts:LINE
        fix: rnn.forward(x, { seqLengths: np.full([2], 5) })"
    `);
    const three = np.ones([3], { dtype: 'int32' });
    expect(message(() => rnn.forward(np.ones([2, 5, 3]), { seqLengths: three }))).toMatchInlineSnapshot(`
      "[SHAPE] RNN: the lengths int32[3] are not one for each sequence of [2]
        at:  test/errors/sequences.test.ts:LINE
        fix: rnn.forward(x, { seqLengths: np.full([2], 5) })"
    `);
    expect(message(() => rnn.forward(np.ones([2, 5, 3]), { initialCarry: np.ones([2, 3]) }))).toMatchInlineSnapshot(`
      "[SHAPE] GRUCell at 'cell': the carry float32[2,3] for the input float32[2,3] is not of shape [2,4]
        at:  test/errors/sequences.test.ts:LINE
        fix: cell.initializeCarry(x.shape)"
    `);
    expect(message(() => rnn.forward(np.ones([2, 5, 4])))).toMatchInlineSnapshot(`
      "[SHAPE] Linear at 'cell/dense_i': the input float32[2,4] has 4 features on axis -1; the layer takes 3
        at:  test/errors/sequences.test.ts:LINE
        fix: new nnx.Linear(4, 12, { rngs })"
    `);
  });
});
