/** The kinds of Variables. Kinds are nominal: a Param is not a BatchStat, for the type checker and for filters. */
import { Variable } from '../trace/variable.ts';

/** A trainable value. */
export class Param extends Variable {
  declare readonly __kind: 'Param';
}

/** A statistic of the batches seen, such as BatchNorm's running mean. */
export class BatchStat extends Variable {
  declare readonly __kind: 'BatchStat';
}

/** State of a random stream. */
export class RngState extends Variable {
  declare readonly __kind: 'RngKey' | 'RngCount';
}

/** The key of a random stream: uint32[..., 2]. */
export class RngKey extends RngState {
  declare readonly __kind: 'RngKey';
}

/** How many keys a random stream has given: uint32[...]. */
export class RngCount extends RngState {
  declare readonly __kind: 'RngCount';
}

export { Variable };

/** A class of Variables, abstract ones included. */
export type VariableClass<V extends Variable = Variable> = abstract new (...args: never[]) => V;
