/** tabulate: what a model consists of and what a call of it costs, as a table. The counterpart of nnx.tabulate. */
import { isFloat } from '../../compiler/dtype.ts';
import { equationCosts } from '../../compiler/cost.ts';
import type { EquationCost } from '../../compiler/cost.ts';
import { dce } from '../../compiler/optimize/dce.ts';
import { pullbackJaxpr } from '../../compiler/transforms/gradient.ts';
import { linearizeJaxpr } from '../../compiler/transforms/linearize.ts';
import { ShapeDtype, traceCall } from '../make-jaxpr.ts';
import type { TracedCall } from '../make-jaxpr.ts';
import { np } from '../numpy/index.ts';
import { located } from '../trace/bind.ts';
import { describeValue } from '../trace/literal.ts';
import { typeName } from '../trace/printing.ts';
import type { Tensor } from '../trace/tensor.ts';
import { userError } from '../trace/user-error.ts';
import { isPlainObject } from '../tree.ts';
import { Module } from './module.ts';
import { CallLog } from './tabulate-calls.ts';
import { modulesOf } from './tabulate-modules.ts';
import type { ModuleEntry } from './tabulate-modules.ts';
import { Summary } from './tabulate-summary.ts';
import type { Attributed } from './tabulate-summary.ts';
import { Param } from './variables.ts';

type WithForward<A extends unknown[]> = Module & { forward(...args: A): unknown };

/** An argument, or its shape in its place. */
export type Described<A> = A extends Tensor ? A | ShapeDtype : A;

/**
 * The modules of a model with the shapes that go in and out, their Variables, and the operations of a call, for arguments like
 * these: `console.log(nnx.tabulate(model, x))`, or `nnx.tabulate(model, x).table({ depth: 1, gradient: true })`. A ShapeDtype stands
 * for a tensor: `nnx.tabulate(model, new ShapeDtype([32, 64], 'float32'))`. A function in the place of the arguments is called
 * with the model: `nnx.tabulate(model, (model) => model.encode(x))`.
 *
 * The call is traced, not run: nothing is compiled, no device is used, what it writes is dropped. Operations are counted from
 * the jaxpr, 2mnk for a product, 1 per element of arithmetic; a scan counts as often as it runs, a cond as its larger branch.
 *
 * @throws VALUE for arguments to a model without `forward`; what the call throws.
 */
export function tabulate<A extends unknown[]>(
  model: WithForward<A>,
  ...args: { [I in keyof A]: Described<A[I]> }
): Summary;
export function tabulate<M extends Module>(model: M, method?: (model: M) => unknown): Summary;
export function tabulate(model: Module, ...args: readonly unknown[]): Summary {
  return located(() => {
    const modules = modulesOf(checkedModel(model));
    const log = new CallLog(modules);
    const call = calledBy(model, args);
    // Shapes become tensors inside of the trace, where nobody computes them.
    const run = (given: Module, ...rest: readonly unknown[]): unknown =>
      log.record(() => call.run(given, ...rest.map((arg, i) => (hasShapes(call.args[i]) ? withTensors(call.args[i]) : arg))));
    Object.defineProperty(run, 'name', { value: typeName(model.constructor) });
    const traced = traceCall('tabulate', run, [model, ...call.args.map((arg) => (hasShapes(arg) ? null : arg))]);
    const forward = attributed(equationCosts(traced.closed.jaxpr), log);
    return new Summary(modules.root, log, forward, () => attributed(gradientCosts(traced), log));
  });
}

interface ModelCall {
  readonly run: (model: Module, ...args: readonly unknown[]) => unknown;
  readonly args: readonly unknown[];
}

function calledBy(model: Module, args: readonly unknown[]): ModelCall {
  const [method] = args;
  if (args.length === 1 && typeof method === 'function') return { run: (given) => method(given) as unknown, args: [] };
  if (hasForward(model)) return { run: (given, ...rest) => (given as WithForward<unknown[]>).forward(...rest), args };
  if (args.length === 0) return { run: () => null, args };
  throw userError('VALUE', `tabulate: ${typeName(model.constructor)} has no method forward to take arguments`, {
    fix: 'nnx.tabulate(model, (model) => model.encode(x))',
  });
}

function checkedModel(model: unknown): Module {
  if (model instanceof Module) return model;
  throw userError('VALUE', `tabulate: ${describeValue(model)} is not a module`, { fix: 'nnx.tabulate(model, x)' });
}

function hasForward(model: Module): model is WithForward<unknown[]> {
  return 'forward' in model && typeof model.forward === 'function';
}

function hasShapes(value: unknown): boolean {
  return value instanceof ShapeDtype || (isPlainData(value) && Object.values(value).some(hasShapes));
}

function withTensors(value: unknown): unknown {
  if (value instanceof ShapeDtype) return np.zeros(value.shape, { dtype: value.dtype });
  if (!isPlainData(value)) return value;
  if (Array.isArray(value)) return value.map(withTensors);
  return Object.fromEntries(Object.entries(value).map(([name, child]) => [name, withTensors(child)]));
}

function isPlainData(value: unknown): value is object {
  return typeof value === 'object' && value !== null && (Array.isArray(value) || isPlainObject(value));
}

function attributed(costs: readonly EquationCost[], log: CallLog): Attributed {
  const flops = new Map<ModuleEntry, number>();
  const times = new Map<ModuleEntry, number>();
  for (const cost of costs) {
    const chain = log.chainOf(cost.equation.path);
    for (const entry of new Set(chain)) {
      flops.set(entry, (flops.get(entry) ?? 0) + cost.flops);
      // Scans inside of a module run parts of it more often than it is called.
      times.set(entry, Math.min(times.get(entry) ?? Infinity, cost.times));
    }
  }
  return { flops, times, open: costs.some(({ open }) => open) };
}

/** The costs of the call, with what its gradient needs of it, and of the pullback to the Params. */
function gradientCosts({ closed: { jaxpr, consts, reads }, inputs, values }: TracedCall): EquationCost[] {
  const given = inputs.traced.map(({ value }) => value instanceof Param && isFloat(value.dtype));
  const moving = [...consts.map(() => false), ...reads.map(() => false), ...given];
  const smooth = jaxpr.outputs.map(({ aval }, i) => i < values.length && isFloat(aval.dtype));
  const linearized = linearizeJaxpr(jaxpr, moving, smooth);
  return [linearized.primal, pullbackJaxpr(linearized)].flatMap((part) => equationCosts(dce(part)));
}
