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

/** What a layer remembers from call to call in place of computing it again, such as the keys of attention. */
export class Cache extends Variable {
  declare readonly __kind: 'Cache';
}

/** A value from inside a computation, kept to be looked at. */
export class Intermediate extends Variable {
  declare readonly __kind: 'Intermediate' | 'Perturbation';
}

/** Zeros that are added to a value inside a computation; their gradient is that of the value. */
export class Perturbation extends Intermediate {
  declare readonly __kind: 'Perturbation';
}

/** What the `forward` of a module returned; captured only where it is asked for by name. */
export class ModuleOutput extends Variable {
  declare readonly __kind: 'ModuleOutput';
  static readonly onDemand = true;
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
