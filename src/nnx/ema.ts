/** EMA: moving averages of a model's Variables. The counterpart of flax.nnx.EMA. */
import { isFloat } from '../../compiler/dtype.ts';
import { mix } from '../optax/averages.ts';
import { checkDecay } from '../optax/numbers.ts';
import { readOptions } from '../options.ts';
import { typeName } from '../trace/printing.ts';
import { userError } from '../trace/user-error.ts';
import type { Variable } from '../trace/variable.ts';
import type { Filter } from './filters.ts';
import { split, state } from './functional.ts';
import { buildGraph } from './graph.ts';
import { Module } from './module.ts';
import { State } from './state.ts';
import { update as writeState } from './update.ts';
import { VariableTree } from './variable-tree.ts';

export interface EMAOptions {
  /** The Variables that are averaged; default those of floats. */
  readonly only?: Filter;
}

/**
 * Averages that follow a model: `decay * average + (1 - decay) * value` at each `update`, from the first values on. Polyak and
 * Juditsky 1992. Apply them to a model to evaluate it.
 */
export class EMA extends Module {
  readonly decay: number;
  readonly only: Filter;
  /** An average at the path of each Variable, of its class. */
  readonly params: VariableTree;

  /** @throws VALUE for a decay outside [0, 1). */
  constructor(model: Module, decay: number, options: EMAOptions = {}) {
    super();
    const { only } = readOptions<Required<EMAOptions>>('nnx.EMA', options, { only: isOfFloats });
    checkDecay('nnx.EMA', 'decay', decay);
    this.decay = decay;
    this.only = only;
    this.params = new VariableTree(state(model, only), (variable) => variable.with(variable.rawValue));
  }

  /**
   * Moves the averages towards the values of the model; a State is written into the EMA's own Variables, as in any module.
   *
   * @throws PYTREE for a model with other Variables than those averaged, with their paths; SHAPE.
   */
  override update(model: Module | State): void {
    if (model instanceof State) {
      writeState(this, model);
      return;
    }
    const averages = averagesOf(this, model);
    const values = state(model);
    const next = [...averages].map(([path, { rawValue }]) => mix(values.get(path).rawValue, rawValue, this.decay));
    [...averages.values()].forEach((average, i) => (average.rawValue = next[i]!));
  }

  /** The model with the averages in the place of what is averaged; both hold the other Variables, and follow later updates. */
  applyTo<M extends Module>(model: M): M {
    const averages = averagesOf(this, model);
    const [graphdef, own] = split(model);
    return buildGraph(graphdef, (path) => (averages.has(path) ? averages : own).get(path));
  }
}

/** @throws PYTREE unless they are of the paths that are chosen in the model. */
function averagesOf({ params, only }: EMA, model: Module): State {
  const averages = state(params);
  const values = state(model, only);
  const alone = (a: State, b: State): string => [...a.keys()].filter((path) => !b.has(path)).join(', ') || 'nothing';
  const [here, there] = [alone(averages, values), alone(values, averages)];
  if (here === there) return averages;
  throw userError('PYTREE', `nnx.EMA: only the averages have ${here}, only ${typeName(model.constructor)} has ${there}`, {
    fix: 'new nnx.EMA(model, 0.99)',
  });
}

function isOfFloats(_: string, variable: Variable): boolean {
  return isFloat(variable.dtype);
}
