/**
 * A recurrent network learns, letter by letter, how names are spelled, and makes up new ones.
 *
 *   npm run -s example -- char-rnn
 */
import { Module, Param, jit, lax, nnx, np, random, valueAndGrad } from 'heddle';
import type { Tensor } from 'heddle';
import * as optax from 'heddle/optax';
import type { Example } from './support/example.ts';
import { trainFrom } from './support/train.ts';

/** The end of a name; letters are 1 to 26. */
const END = 0;
const LETTERS = 27;
const LONGEST = 12;
const HIDDEN = 64;
const BATCH = 32;
const MADE_UP = 12;

class CharRNN extends Module {
  readonly embed: nnx.Embed;
  readonly rnn: nnx.RNN<nnx.GRUCell>;
  readonly out: nnx.Linear;

  constructor({ rngs }: { readonly rngs: nnx.Rngs }) {
    super();
    this.embed = new nnx.Embed(LETTERS, 24, { rngs });
    this.rnn = new nnx.RNN(new nnx.GRUCell(24, HIDDEN, { rngs }));
    this.out = new nnx.Linear(HIDDEN, LETTERS, { rngs });
  }

  /** Letters int32[n, length] to the logits of the letters that follow, float32[n, length, 27]. */
  forward(letters: Tensor): Tensor {
    return this.out.forward(this.rnn.forward(this.embed.forward(letters)));
  }

  /** New names, int32[length, count]: each letter is drawn, and goes in as the next one. */
  makeUp(key: Tensor, count: number): Tensor {
    const { cell } = this.rnn;
    const start: [Tensor, Tensor] = [cell.initializeCarry([count, 24]), np.full([count], END, { dtype: 'int32' })];
    const [, names] = lax.scan(
      ([carry, letter]: [Tensor, Tensor], key: Tensor): [[Tensor, Tensor], Tensor] => {
        const [next, hidden] = cell.forward(carry, this.embed.forward(letter));
        const drawn = random.categorical(key, this.out.forward(hidden));
        return [[next, drawn], drawn];
      },
      start,
      random.split(key, LONGEST),
    );
    return names;
  }
}

export const charRnn: Example = {
  title: 'A recurrent network makes up names',
  steps: 500,

  async train(setting) {
    const { data, seed } = setting;
    const names = (await data.names()).filter((name) => name.length < LONGEST);
    // A name, then END to the full length; the network reads it one place later.
    const spelled = np.array(Int32Array.from(names.flatMap(numbersOf))).reshape([names.length, LONGEST]);

    const rngs = new nnx.Rngs({ params: seed, batch: seed + 1 });
    const model = new CharRNN({ rngs });
    const optimizer = new nnx.Optimizer(model, optax.adam(5e-3), { wrt: Param });

    const step = jit((model: CharRNN, optimizer: nnx.Optimizer, rngs: nnx.Rngs): Tensor => {
      const rows = random.randint(rngs.makeRng('batch'), [BATCH], 0, names.length);
      const wanted = np.take(spelled, rows, { axis: 0 });
      const read = np.pad(wanted.slice('...', [0, LONGEST - 1]), [[0, 0], [1, 0]]);
      // What follows the first END does not count.
      const counts = np.logicalOr(np.notEqual(wanted, END), np.notEqual(np.roll(wanted, 1, { axis: 1 }), END)).astype('float32');
      const [loss, gradient] = valueAndGrad((model: CharRNN) => {
        const losses = optax.softmaxCrossEntropyWithIntegerLabels(model.forward(read), wanted);
        return np.sum(losses.mul(counts)).div(np.sum(counts));
      })(model);
      optimizer.update(model, gradient);
      return loss;
    });
    const makeUp = jit((model: CharRNN, key: Tensor) => model.makeUp(key, MADE_UP));

    const parts = { model, optimizer, rngs };
    const first = await setting.keeper.restore(parts);
    const { loss } = await trainFrom(first, setting, parts, () => ({ loss: step(model, optimizer, rngs) }));

    const letters = await np.transpose(makeUp(model, random.key(seed))).array<number[][]>();
    return { figures: { loss }, text: letters.map(nameOf).join(', ') };
  },
};

function numbersOf(name: string): number[] {
  return Array.from({ length: LONGEST }, (_, i) => (i < name.length ? name.charCodeAt(i) - 96 : END));
}

function nameOf(letters: readonly number[]): string {
  const end = letters.indexOf(END);
  return String.fromCharCode(...letters.slice(0, end < 0 ? letters.length : end).map((letter) => letter + 96));
}
