/**
 * A small GPT reads Moby-Dick letter by letter, and goes on from a few words; it draws a letter at a time from cached keys and values.
 *
 *   npm run -s example -- transformer
 */
import { Module, Param, jit, nn, nnx, np, random, valueAndGrad } from 'heddle';
import type { Tensor } from 'heddle';
import * as optax from 'heddle/optax';
import type { Example } from './support/example.ts';
import { trainFrom } from './support/train.ts';

/** Printable ASCII and the end of a line. */
const LETTERS = 96;
/** How many letters it sees. */
const CONTEXT = 48;
const WIDTH = 48;
const HEADS = 4;
const BLOCKS = 2;
const BATCH = 4;
const PROMPT = 'The whale ';

class Block extends Module {
  readonly attentionNorm: nnx.LayerNorm;
  readonly attention: nnx.MultiHeadAttention;
  readonly mlpNorm: nnx.LayerNorm;
  readonly widen: nnx.Linear;
  readonly narrow: nnx.Linear;

  constructor({ rngs }: { readonly rngs: nnx.Rngs }) {
    super();
    this.attentionNorm = new nnx.LayerNorm(WIDTH, { rngs });
    this.attention = new nnx.MultiHeadAttention(HEADS, WIDTH, { decode: false, rngs });
    this.mlpNorm = new nnx.LayerNorm(WIDTH, { rngs });
    this.widen = new nnx.Linear(WIDTH, 4 * WIDTH, { rngs });
    this.narrow = new nnx.Linear(4 * WIDTH, WIDTH, { rngs });
  }

  /** float32[n, length, 48]. Without a mask it is given one letter, and knows those before from its cache. */
  forward(x: Tensor, mask: Tensor | null): Tensor {
    const seen = this.attentionNorm.forward(x);
    x = x.add(mask === null ? this.attention.forward(seen, { decode: true }) : this.attention.forward(seen, { mask }));
    return x.add(this.narrow.forward(nn.gelu(this.widen.forward(this.mlpNorm.forward(x)))));
  }
}

class GPT extends Module {
  readonly letters: nnx.Embed;
  readonly places: nnx.Embed;
  readonly blocks: readonly Block[];
  readonly norm: nnx.LayerNorm;

  constructor({ rngs }: { readonly rngs: nnx.Rngs }) {
    super();
    this.letters = new nnx.Embed(LETTERS, WIDTH, { rngs });
    this.places = new nnx.Embed(CONTEXT, WIDTH, { rngs });
    this.blocks = Array.from({ length: BLOCKS }, () => new Block({ rngs }));
    this.norm = new nnx.LayerNorm(WIDTH, { rngs });
  }

  /** Letters int32[n, length] at places int32[length] to the logits of the letters that follow, float32[n, length, 96]. */
  forward(letters: Tensor, places: Tensor, mask: Tensor | null): Tensor {
    let x = this.letters.forward(letters).add(this.places.forward(places));
    for (const block of this.blocks) x = block.forward(x, mask);
    return this.letters.attend(this.norm.forward(x)); // The weights of the first layer serve in the last one.
  }
}

export const transformer: Example = {
  title: 'A small GPT reads Moby-Dick',
  steps: 300,

  async train(setting) {
    const { data, seed } = setting;
    const text = np.array(Int32Array.from(await data.novel(), numberOf));
    const rngs = new nnx.Rngs({ params: seed, batch: seed + 1 });
    const model = new GPT({ rngs });
    const optimizer = new nnx.Optimizer(model, optax.adamw(3e-3), { wrt: Param });

    const step = jit((model: GPT, optimizer: nnx.Optimizer, rngs: nnx.Rngs): Tensor => {
      const starts = random.randint(rngs.makeRng('batch'), [BATCH, 1], 0, text.size - CONTEXT - 1);
      const passages = np.take(text, starts.add(np.arange(CONTEXT + 1)));
      const [read, wanted] = [passages.slice('...', [0, CONTEXT]), passages.slice('...', [1, CONTEXT + 1])];
      const mask = nnx.makeCausalMask(read);
      const [loss, gradient] = valueAndGrad((model: GPT) => {
        const logits = model.forward(read, np.arange(CONTEXT), mask);
        return np.mean(optax.softmaxCrossEntropyWithIntegerLabels(logits, wanted));
      })(model);
      optimizer.update(model, gradient);
      return loss;
    });

    const parts = { model, optimizer, rngs };
    const first = await setting.keeper.restore(parts);
    const { loss } = await trainFrom(first, setting, parts, () => ({ loss: step(model, optimizer, rngs) }));
    return { figures: { loss }, text: await goOn(model, PROMPT, random.key(seed)) };
  },
};

/** The prompt, and what the model writes after it, up to the end of its context. */
async function goOn(model: GPT, prompt: string, key: Tensor): Promise<string> {
  for (const { attention } of model.blocks) attention.initCache([1, CONTEXT, WIDTH]);
  // Reads one letter at its place, and draws the next one.
  const next = jit((model: GPT, letter: Tensor, place: Tensor, key: Tensor): Tensor =>
    random.categorical(random.foldIn(key, place), model.forward(letter.reshape([1, 1]), place.reshape([1]), null)).reshape([]),
  );
  const int32 = (value: number): Tensor => np.scalar(value, 'int32');
  const known = Array.from(prompt, (letter) => int32(numberOf(letter)));
  const written: Tensor[] = [];
  for (let place = 0; place < CONTEXT - 1; place++) {
    const drawn = next(model, known[place] ?? written.at(-1)!, int32(place), key);
    if (place >= known.length - 1) written.push(drawn);
  }
  const letters = await Promise.all(written.map((letter) => letter.item<number>()));
  return prompt + letters.map(letterOf).join('');
}

function numberOf(letter: string): number {
  return letter === '\n' ? LETTERS - 1 : letter.charCodeAt(0) - 32;
}

function letterOf(number: number): string {
  return number === LETTERS - 1 ? '\n' : String.fromCharCode(number + 32);
}
