/** Optimizer: a transformation of gradients that updates a model in place. The counterpart of flax.nnx.Optimizer. */
import type { HeddleError } from '../../compiler/errors.ts';
import type { GradientTransformation } from '../optax/transformation.ts';
import { applyUpdates } from '../optax/update.ts';
import { readOptions } from '../options.ts';
import { describeValue, hostTensor } from '../trace/literal.ts';
import { typeName } from '../trace/printing.ts';
import { userError } from '../trace/user-error.ts';
import { showFilter } from './filters.ts';
import type { Filter } from './filters.ts';
import { state as stateOf } from './functional.ts';
import { Module } from './module.ts';
import { OptState, recall, remember, renew } from './opt-variables.ts';
import { State } from './state.ts';
import { update as writeState } from './update.ts';

/** More paths than these say no more. */
const MOST_PATHS = 20;

export interface OptimizerOptions {
  /** The Variables of the model that are trained. */
  readonly wrt: Filter;
}

/**
 * What a transformation of heddle/optax remembers, in Variables, so that `jit(step)(model, optimizer, batch)` threads it, and a
 * checkpoint keeps it, as any module's. It does not hold the model.
 *
 * ```ts
 * const optimizer = new nnx.Optimizer(model, optax.adam(1e-3), { wrt: nnx.Param });
 * const step = jit((model: MLP, optimizer: nnx.Optimizer, x: Tensor, y: Tensor) => {
 *   const [value, grads] = valueAndGrad(loss)(model, x, y);
 *   optimizer.update(model, grads);
 *   return value;
 * });
 * ```
 */
export class Optimizer extends Module {
  /** How many updates there were: uint32[]. */
  readonly step: OptState;
  readonly tx: GradientTransformation;
  /** The tree of `tx.init`, with Variables for its tensors and modules for its States. */
  readonly optState: unknown;
  readonly wrt: Filter;

  /** @throws VALUE without `wrt`, or when it chooses nothing; PYTREE, DTYPE for what `tx` cannot train. */
  constructor(model: Module, tx: GradientTransformation, options: OptimizerOptions) {
    super();
    checkModel('nnx.Optimizer', model);
    checkTransformation(tx);
    this.wrt = wrtOf(options);
    this.tx = tx;
    this.step = new OptState(hostTensor(new Uint32Array(1), [], 'uint32'));
    this.optState = remember(tx.init(chosenOf(model, this.wrt)));
  }

  /** Writes a State into the optimizer's own Variables, as in any module. */
  override update(state: State): void;
  /**
   * A step: the gradients, which have the paths that `wrt` chooses, become updates, and are added to the model's Variables. Gives
   * the updates.
   *
   * @throws PYTREE for gradients of other paths, with a line for each; SHAPE, DTYPE.
   */
  override update(model: Module, grads: State): State;
  override update(target: State | Module, grads?: State): State | undefined {
    if (target instanceof State) {
      writeState(this, target);
      return undefined;
    }
    checkModel('Optimizer.update', target);
    const params = chosenOf(target, this.wrt);
    checkGradients(target, this.wrt, params, grads);
    const [updates, state] = this.tx.update(grads, recall(this.optState), params);
    const next = applyUpdates(params, updates);
    renew(this.optState, state);
    for (const [path, variable] of params) variable.rawValue = next.get(path).rawValue;
    this.step.update((step) => step.add(1));
    return updates;
  }
}

/** @throws VALUE for a filter that chooses no Variable of the model. */
function chosenOf(model: Module, wrt: Filter): State {
  const chosen = stateOf(model, wrt);
  if (chosen.size > 0) return chosen;
  const kinds = [...new Set([...stateOf(model).values()].map((variable) => typeName(variable.constructor)))];
  const held = kinds.join(', ') || 'none';
  const name = typeName(model.constructor);
  const problem = `nnx.Optimizer: ${showFilter(wrt)} selects none of the Variables of ${name}, which are ${held}`;
  throw userError('VALUE', problem, {
    fix: `new nnx.Optimizer(model, tx, { wrt: nnx.${kinds.includes('Param') ? 'Param' : (kinds[0] ?? 'Param')} })`,
  });
}

function wrtOf(options: OptimizerOptions | undefined): Filter {
  const { wrt } = readOptions<{ wrt: Filter | undefined }>('nnx.Optimizer', options ?? {}, { wrt: undefined });
  if (wrt !== undefined) return wrt;
  throw userError('VALUE', 'nnx.Optimizer: wrt is not given, and tells which Variables of the model are trained', {
    fix: 'new nnx.Optimizer(model, tx, { wrt: nnx.Param })',
  });
}

function checkModel(name: string, model: unknown): asserts model is Module {
  if (model instanceof Module) return;
  const fix = name === 'nnx.Optimizer' ? 'new nnx.Optimizer(model, tx, { wrt: nnx.Param })' : 'optimizer.update(model, grads)';
  throw userError('VALUE', `${name}: the model is ${describeValue(model)}, not a Module`, { fix });
}

function checkTransformation(tx: unknown): void {
  const { init, update } = (tx ?? {}) as Partial<Record<keyof GradientTransformation, unknown>>;
  if (typeof init === 'function' && typeof update === 'function') return;
  throw userError('VALUE', `nnx.Optimizer: tx is ${describeValue(tx)}, not a transformation of gradients`, {
    fix: 'new nnx.Optimizer(model, optax.adam(1e-3), { wrt: nnx.Param })',
  });
}

/** @throws PYTREE unless the gradients have the paths of the parameters. */
function checkGradients(model: Module, wrt: Filter, params: State, grads: unknown): asserts grads is State {
  if (!(grads instanceof State)) throw mismatch(`Optimizer.update: the gradients are ${describeValue(grads)}, not a State`);
  const missing = [...params.keys()].filter((path) => !grads.has(path)).map((path) => `${path}: no gradient`);
  const unknown = [...grads.keys()].filter((path) => !params.has(path)).map((path) => `${path}: a gradient, but not trained`);
  const lines = [...missing, ...unknown];
  if (lines.length === 0) return;
  const shown = lines.slice(0, MOST_PATHS);
  if (lines.length > MOST_PATHS) shown.push(`and ${lines.length - MOST_PATHS} more`);
  const chosen = `what ${showFilter(wrt)} selects of ${typeName(model.constructor)}`;
  throw mismatch(`Optimizer.update: the gradients are not those of ${chosen}:\n${shown.map((line) => `  ${line}`).join('\n')}`);
}

function mismatch(problem: string): HeddleError {
  return userError('PYTREE', problem, { fix: 'optimizer.update(model, grad(loss, { wrt: optimizer.wrt })(model, batch))' });
}
