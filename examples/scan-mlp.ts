/** The model of the tiny-NNX document: a stack of blocks whose parameters are vmapped and whose call is scanned. */
import { Module, PathRngs, lax, nn, nnx, random, vmap } from 'heddle';
import type { GraphDef, Key, State, Tensor } from 'heddle';

export interface CallOptions {
  readonly train: boolean;
  readonly rngs: PathRngs;
}

/** Linear, BatchNorm, gelu, Dropout. */
export class Block extends Module {
  readonly linear: nnx.Linear;
  readonly bn: nnx.BatchNorm;
  readonly dropout: nnx.Dropout;

  constructor(din: number, dout: number, { rngs }: { readonly rngs: PathRngs }) {
    super();
    this.linear = new nnx.Linear(din, dout, { rngs });
    this.bn = new nnx.BatchNorm(dout);
    this.dropout = new nnx.Dropout(0.1);
  }

  forward(x: Tensor, { train, rngs }: CallOptions): Tensor {
    x = this.linear.forward(x);
    x = this.bn.forward(x, { train });
    x = nn.gelu(x);
    return this.dropout.forward(x, { train, rngs });
  }
}

/** nLayers - 1 blocks and a linear head. */
export class ScanMLP extends Module {
  readonly nLayers: number;
  /** One block in structure; every Variable carries a leading axis over the layers. */
  readonly layers: Block;
  readonly linear: nnx.Linear;

  constructor(hiddenSize: number, nLayers: number, { rngs }: { readonly rngs: PathRngs }) {
    super();
    this.nLayers = nLayers;

    // lift init
    let graphdef!: GraphDef<Block>;
    const init = vmap((key: Key): State => {
      const [state, structure] = new Block(hiddenSize, hiddenSize, { rngs: new PathRngs(key) }).split();
      graphdef = structure;
      return state;
    });
    const state = init(random.split(rngs.makeRng(), nLayers - 1));
    this.layers = graphdef.merge(state);
    this.linear = new nnx.Linear(hiddenSize, hiddenSize, { rngs });
  }

  forward(x: Tensor, { train, rngs }: CallOptions): Tensor {
    // lift call
    const keys = random.split(rngs.makeRng(), this.nLayers - 1);
    const [state, graphdef] = this.layers.split();

    const [y, newState] = lax.scan(
      (x: Tensor, [key, state]: [Key, State]): [Tensor, State] => {
        const [out, [next]] = graphdef.apply(state)(x, { train, rngs: new PathRngs(key) });
        return [out, next];
      },
      x,
      [keys, state],
    );
    this.layers.update(newState);
    return this.linear.forward(y);
  }
}
