/** repeat: a stack of equal modules as one module whose Variables have a leading axis. */
import { describeValue } from '../trace/literal.ts';
import { located } from '../trace/bind.ts';
import { userError } from '../trace/user-error.ts';
import { vmap } from '../vmap.ts';
import { RngStream } from './rng-stream.ts';
import { Rngs } from './rngs.ts';

export interface RepeatOptions<R extends Rngs | RngStream> {
  /** Each module is made with streams split from these, which advance once. */
  readonly rngs: R;
}

/**
 * `n` modules as one: `factory` makes each of them from `rngs.split(n)`, and their Variables are stacked along a leading axis of n,
 * their random streams too. `nnx.scanLayers` and `vmap` go along that axis. The factory is traced once, so what it makes is static
 * but for the values of Variables. The counterpart of `nnx.split_rngs` and `nnx.vmap` around a constructor.
 *
 * @throws VALUE unless n is a whole number from 1; RNG for a factory that draws from the unsplit streams.
 */
export function repeat<M, R extends Rngs | RngStream = Rngs>(n: number, factory: (rngs: R) => M, { rngs }: RepeatOptions<R>): M {
  return located(() => {
    const fix = 'nnx.repeat(3, (rngs) => new Block({ rngs }), { rngs })';
    if (typeof factory !== 'function') {
      throw userError('VALUE', `nnx.repeat: ${describeValue(factory)} is no function that makes a module`, { fix });
    }
    if (!(Number.isInteger(n) && n >= 1)) {
      throw userError('VALUE', `nnx.repeat: ${describeValue(n)} is no number of modules, which is whole and from 1`, { fix });
    }
    if (!(rngs instanceof Rngs || rngs instanceof RngStream)) {
      throw userError('RNG', `nnx.repeat: ${describeValue(rngs)} are no rngs to split for the modules`, { fix });
    }
    return vmap(factory)(rngs.split(n) as R);
  });
}
