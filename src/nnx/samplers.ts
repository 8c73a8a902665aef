/** The samplers of heddle's `random` on sources of keys: each draw takes the next key. */
import * as random from '../random/index.ts';
import type { Tensor } from '../trace/tensor.ts';
import { Module } from './module.ts';

/** The parameters of a sampler after its key. */
type Drawn<F> = F extends (key: never, ...rest: infer Rest) => Tensor ? Rest : never;

/** What draws with keys of its own: `rngs.normal([3])` is `random.normal(rngs.makeRng(), [3])`. flax.nnx.Rngs has the same methods. */
export abstract class Samplers extends Module {
  /** The next key, uint32[2]. */
  abstract makeRng(): Tensor;

  bits(...args: Drawn<typeof random.bits>): Tensor {
    return random.bits(this.makeRng(), ...args);
  }

  uniform(...args: Drawn<typeof random.uniform>): Tensor {
    return random.uniform(this.makeRng(), ...args);
  }

  normal(...args: Drawn<typeof random.normal>): Tensor {
    return random.normal(this.makeRng(), ...args);
  }

  truncatedNormal(...args: Drawn<typeof random.truncatedNormal>): Tensor {
    return random.truncatedNormal(this.makeRng(), ...args);
  }

  exponential(...args: Drawn<typeof random.exponential>): Tensor {
    return random.exponential(this.makeRng(), ...args);
  }

  gumbel(...args: Drawn<typeof random.gumbel>): Tensor {
    return random.gumbel(this.makeRng(), ...args);
  }

  laplace(...args: Drawn<typeof random.laplace>): Tensor {
    return random.laplace(this.makeRng(), ...args);
  }

  logistic(...args: Drawn<typeof random.logistic>): Tensor {
    return random.logistic(this.makeRng(), ...args);
  }

  categorical(...args: Drawn<typeof random.categorical>): Tensor {
    return random.categorical(this.makeRng(), ...args);
  }

  bernoulli(...args: Drawn<typeof random.bernoulli>): Tensor {
    return random.bernoulli(this.makeRng(), ...args);
  }

  rademacher(...args: Drawn<typeof random.rademacher>): Tensor {
    return random.rademacher(this.makeRng(), ...args);
  }

  randint(...args: Drawn<typeof random.randint>): Tensor {
    return random.randint(this.makeRng(), ...args);
  }

  permutation(...args: Drawn<typeof random.permutation>): Tensor {
    return random.permutation(this.makeRng(), ...args);
  }

  choice(...args: Drawn<typeof random.choice>): Tensor {
    return random.choice(this.makeRng(), ...args);
  }
}
