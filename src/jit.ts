/** jit: traces a function once per kind of argument, compiles it, and replays the program. The counterpart of jax.jit / nnx.jit. */
import type { Jaxpr } from '../compiler/ir/jaxpr.ts';
import { findPrimitive } from '../compiler/primitives/index.ts';
import type { Device, ExecutableStats } from '../runtime/index.ts';
import { withDevice } from './device.ts';
import { runsStepByStep } from './disable-jit.ts';
import { jitCacheOf } from './jit-cache.ts';
import { JitEntry } from './jit-entry.ts';
import type { Served } from './jit-entry.ts';
import { readOptions } from './options.ts';
import { currentValue } from './trace/arguments.ts';
import type { Arguments, CallInputs } from './trace/arguments.ts';
import { bind, located } from './trace/bind.ts';
import { calleeName } from './trace/callee.ts';
import { UserCall, deviceFor, executableOf, runExecutable } from './trace/execute.ts';
import { CallStack } from './trace/location.ts';
import { toTensor } from './trace/literal.ts';
import { buildOutputs } from './trace/outputs.ts';
import { Tensor } from './trace/tensor.ts';
import { traceFunction } from './trace/trace-function.ts';
import { currentTrace } from './trace/trace.ts';
import { userError } from './trace/user-error.ts';
import { isWatching } from './trace/watch.ts';
import { flatten, unflatten } from './tree.ts';

export interface JitOptions {
  /** The device to run on; default: where the arguments are, else the device of init(). */
  readonly device?: Device;
  /** Positions of arguments whose tensors are consumed: they are disposed after the call, and their memory is reused. */
  readonly donate?: readonly number[];
}

interface JitChoices {
  readonly device: Device | undefined;
  readonly donate: readonly number[];
}

/** What a jitted function has done so far. Program figures are those of the program that ran last. */
export interface JitStats extends ExecutableStats {
  /** How often the function was traced, by all `jit(f)` of this `f`. */
  readonly traces: number;
  /** How many calls were served without tracing. */
  readonly hits: number;
}

export interface Jitted<A extends unknown[], R> {
  (...args: A): R;
  /** Traces and compiles for arguments like these, without running and without writing state. Resolves when pipelines exist. */
  compile(...args: A): Promise<void>;
  stats(): JitStats;
  /** Forgets all traces. */
  clear(): void;
}

/**
 * A compiled `f`. Tensors, typed arrays, Variables and the Variables of modules are traced; every other leaf of the
 * arguments is static and selects a program. State that `f` reads or writes is threaded through the program: after the call,
 * written Variables hold their new values, all or none. Inside a trace the call is one `jit` equation.
 */
export function jit<A extends unknown[], R>(f: (...args: A) => R, options: JitOptions = {}): Jitted<A, R> {
  const label = calleeName('jit', f);
  const { device: wanted, donate: given } = readOptions<JitChoices>('jit', options, { device: undefined, donate: [] });
  const name = `jit(${label})`;
  const cache = jitCacheOf(f, name);
  let last: ExecutableStats | null = null;

  const trace = (inputs: Arguments): JitEntry => {
    const avals = inputs.traced.map((leaf) => currentValue(leaf).aval);
    return new JitEntry(inputs, traceFunction(name, f as (...args: never[]) => unknown, inputs, avals));
  };

  const lookUp = (args: A): Served => {
    const absent = given.find((position) => !(position in args));
    if (absent !== undefined) {
      throw userError('VALUE', `${name}: donate names argument ${absent}, and the call has ${args.length}`, {
        fix: 'jit(f, { donate: [0] })',
      });
    }
    return cache.lookUp(args, trace);
  };

  const call = (...args: A): R =>
    located(() => {
      if (runsStepByStep() || isWatching()) return callNow(f, args);
      const { entry, inputs, operands } = lookUp(args);
      const outer = currentTrace();
      const over = outer === null ? entry.cellsToWrite(operands) : [];
      const results = outer === null ? run(entry, inputs, operands, over) : stageCall(entry.jaxpr, operands);
      entry.writeState(outer, inputs, results, over);
      return buildOutputs(entry.plan, results, inputs) as R;
    });

  const run = (entry: JitEntry, inputs: CallInputs, operands: readonly Tensor[], over: readonly (Tensor | null)[]): Tensor[] => {
    const device = deviceFor(operands, name, wanted);
    const executable = entry.executable(device, () => executableOf(entry.jaxpr, device, label));
    const donated = (operand: number): boolean => {
      const i = operand - (operands.length - inputs.values.length);
      return inputs.values[i] instanceof Tensor && given.includes(entry.argumentOf[i]!);
    };
    const donate = given.length === 0 ? undefined : operands.map((_, i) => donated(i));
    const site = new UserCall(label, new CallStack(), { donate, over });
    const results = runExecutable(executable, entry.jaxpr, operands, device, site);
    last = executable.stats;
    operands.forEach((operand, i) => {
      if (donate?.[i] === true) operand.consumed();
    });
    return results;
  };

  const stageCall = (jaxpr: Jaxpr, operands: readonly Tensor[]): Tensor[] =>
    bind(findPrimitive('jit')!, operands, { name: label, jaxpr });

  Object.defineProperty(call, 'name', { value: f.name });
  return Object.assign(call, {
    compile: async (...args: A): Promise<void> => {
      const { entry, operands } = located(() => lookUp(args));
      const device = deviceFor(operands, name, wanted);
      const executable = entry.executable(device, () => withDevice(device, () => executableOf(entry.jaxpr, device, label)));
      await executable.compile();
      last = executable.stats;
    },
    stats: (): JitStats => ({ ...(last ?? EMPTY_STATS), traces: cache.traces, hits: cache.hits }),
    clear: (): void => cache.clear(),
  });
}

/** The function itself, with tensors in the place of typed arrays. */
function callNow<A extends unknown[], R>(f: (...args: A) => R, args: A): R {
  const { leaves, treedef } = flatten(args, { root: 'args' });
  const tensors = leaves.map((leaf) => (ArrayBuffer.isView(leaf) ? toTensor(leaf, 'float32') : leaf));
  return f(...(unflatten(treedef, tensors) as A));
}

const EMPTY_STATS: ExecutableStats = {
  kernels: 0,
  dispatches: 0,
  submits: 0,
  compiles: 0,
  compileMs: 0,
  buffers: 0,
  temporaryBytes: 0,
};
