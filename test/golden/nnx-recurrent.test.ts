/** Recurrent cells, RNN and Bidirectional against those of Flax. */
import { readFileSync } from 'node:fs';
import { test } from 'vitest';
import { cpu, grad, nnx, np, withDevice } from '../../src/index.ts';
import type { Tensor } from '../../src/index.ts';
import { assertAllClose } from '../../src/testing/index.ts';
import { loaded, parametersOf, tensorsOf, testGoldenEntries, testInitialParameters } from '../support/golden-entries.ts';
import type { GoldenState, Nested } from '../support/golden-entries.ts';
import { testGoldenLayers } from '../support/golden-layers.ts';
import { useWgsl } from '../support/wgsl.ts';

interface Cell {
  readonly state: GoldenState;
  readonly carry: Nested;
  readonly 'new carry': Nested;
  readonly y: Nested;
}

const golden = JSON.parse(readFileSync(new URL('nnx-recurrent.json', import.meta.url), 'utf8')) as {
  readonly x: Nested;
  readonly seq_lengths: Nested;
  readonly cells: Record<string, Cell>;
  readonly 'RNN(LSTMCell(3, 2))': Record<string, Nested> & { readonly 'grad of sum of squares': GoldenState };
  readonly 'Bidirectional(RNN(GRUCell(3, 2)), Rngs(0) and Rngs(1))': Record<string, Nested>;
};

const wgsl = useWgsl();

testGoldenLayers(wgsl, [
  {
    name: 'LSTMCell(3,2)',
    make: (rngs) => new nnx.LSTMCell(3, 2, { rngs }),
    call: (cell: nnx.LSTMCell, x: Tensor) => cell.forward(cell.initializeCarry(x.shape), x),
    output: '(carry1,y)',
  },
  {
    name: 'GRUCell(3,2)',
    make: (rngs) => new nnx.GRUCell(3, 2, { rngs }),
    call: (cell: nnx.GRUCell, x: Tensor) => cell.forward(cell.initializeCarry(x.shape), x),
    output: '(carry1,y)',
  },
]);

const biasInit = nnx.initializers.normal({ stddev: 1 });
const cells = {
  'SimpleCell(3, 2)': (rngs: nnx.Rngs) => new nnx.SimpleCell(3, 2, { rngs }),
  'SimpleCell(3, 2, residual=True)': (rngs: nnx.Rngs) => new nnx.SimpleCell(3, 2, { residual: true, rngs }),
  'GRUCell(3, 2, bias_init=normal(1))': (rngs: nnx.Rngs) => new nnx.GRUCell(3, 2, { biasInit, rngs }),
  'LSTMCell(3, 2, bias_init=normal(1))': (rngs: nnx.Rngs) => new nnx.LSTMCell(3, 2, { biasInit, rngs }),
  'OptimizedLSTMCell(3, 2, bias_init=normal(1))': (rngs: nnx.Rngs) => new nnx.OptimizedLSTMCell(3, 2, { biasInit, rngs }),
} satisfies Record<string, (rngs: nnx.Rngs) => nnx.RNNCellBase<unknown>>;

type CellName = keyof typeof cells;

const cellNames = Object.keys(cells) as CellName[];
const fieldsOf = <K extends keyof Cell>(key: K): Record<string, Cell[K]> =>
  Object.fromEntries(cellNames.map((name) => [name, golden.cells[name]![key]]));

testInitialParameters(cells, fieldsOf('state'));

test.each(cellNames)('%s: a random carry', async (name) => {
  const carry = withDevice(cpu, () => cells[name](new nnx.Rngs(0)).initializeCarry([2, 3], new nnx.Rngs(5), biasInit));
  await assertAllClose(Array.isArray(carry) ? np.stack(carry) : carry, golden.cells[name]!.carry as number);
});

testGoldenEntries(wgsl, {
  name: 'cells',
  inputs: () => ({
    x: np.array(golden.x as number),
    cells: cellNames.map((name) => {
      const { state, carry } = golden.cells[name]!;
      return { state: tensorsOf(state), carry: np.array(carry as number) };
    }),
  }),
  program: ({ x, cells: given }) =>
    Object.fromEntries(
      cellNames.map((name, i) => {
        const cell: nnx.RNNCellBase<unknown> = loaded(cells[name](new nnx.Rngs(0)), given[i]!.state);
        const { carry } = given[i]!;
        return [name, cell.forward(carry.ndim === 3 ? [...carry] : carry, np.take(x, 0, { axis: 1 }))];
      }),
    ),
  entries: Object.fromEntries(cellNames.map((name) => [name, [golden.cells[name]!['new carry'], golden.cells[name]!.y]])),
  inWgsl: ['SimpleCell(3, 2, residual=True)', 'OptimizedLSTMCell(3, 2, bias_init=normal(1))'],
});

const { 'grad of sum of squares': gradient, ...sequences } = golden['RNN(LSTMCell(3, 2))'];
const lstm = (): nnx.LSTMCell => new nnx.LSTMCell(3, 2, { rngs: new nnx.Rngs(0) });
const sequence = (): { x: Tensor; lengths: Tensor } => ({
  x: np.array(golden.x as number),
  lengths: np.array(golden.seq_lengths as number, { dtype: 'int32' }),
});

testGoldenEntries(wgsl, {
  name: 'RNN(LSTMCell(3, 2))',
  inputs: async () => ({ ...sequence(), state: tensorsOf(await parametersOf(lstm)) }),
  program: ({ x, lengths: seqLengths, state }) => {
    const cell = loaded(lstm(), state);
    const rnn = new nnx.RNN(cell);
    const reversed = new nnx.RNN(cell, { reverse: true });
    const ones = np.ones([2, 2]);
    const gradients = grad((rnn: nnx.RNN<nnx.LSTMCell>) => np.sum(np.square(rnn.forward(x))))(rnn);
    return {
      y: rnn.forward(x),
      return_carry: new nnx.RNN(cell, { returnCarry: true }).forward(x),
      'return_carry, seq_lengths': rnn.forward(x, { returnCarry: true, seqLengths }),
      reverse: reversed.forward(x),
      'reverse, keep_order, return_carry': new nnx.RNN(cell, { reverse: true, keepOrder: true, returnCarry: true }).forward(x),
      'reverse, keep_order, return_carry, seq_lengths': reversed.forward(x, { keepOrder: true, returnCarry: true, seqLengths }),
      'reverse, seq_lengths': reversed.forward(x, { seqLengths }),
      'time_major, unroll=2': new nnx.RNN(cell, { timeMajor: true, unroll: 2 }).forward(np.swapaxes(x, 0, 1)),
      'initial_carry=(ones, -ones)': rnn.forward(x, { initialCarry: [ones, np.negative(ones)] }),
      'without batch': rnn.forward(x.slice(0)),
      'grad of sum of squares': [...gradients].map(([, { value }]) => value),
    };
  },
  entries: { ...sequences, 'grad of sum of squares': Object.keys(gradient).sort().map((path) => gradient[path]!) },
  inWgsl: ['grad of sum of squares'],
});

const gru = (seed: number): nnx.GRUCell => new nnx.GRUCell(3, 2, { rngs: new nnx.Rngs(seed) });
const grus = async (): Promise<Record<string, Tensor>[]> =>
  Promise.all([0, 1].map(async (seed) => tensorsOf(await parametersOf(() => gru(seed)))));

testGoldenEntries(wgsl, {
  name: 'Bidirectional(RNN(GRUCell(3, 2)))',
  inputs: async () => ({ ...sequence(), states: await grus() }),
  program: ({ x, lengths: seqLengths, states }) => {
    const one = (i: number): nnx.RNN<nnx.GRUCell> => new nnx.RNN(loaded(gru(i), states[i]!));
    const [forward, backward] = [one(0), one(1)];
    const both = new nnx.Bidirectional(forward, backward);
    return {
      y: both.forward(x),
      'return_carry, seq_lengths': both.forward(x, { returnCarry: true, seqLengths }),
      'merge_fn=add': new nnx.Bidirectional(forward, backward, { mergeFn: np.add }).forward(x),
    };
  },
  entries: golden['Bidirectional(RNN(GRUCell(3, 2)), Rngs(0) and Rngs(1))'],
  inWgsl: [],
});
