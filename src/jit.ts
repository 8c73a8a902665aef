/** jit: traces a function once per kind of argument, compiles it, and replays the program. The counterpart of jax.jit / nnx.jit. */
import type { Jaxpr } from '../compiler/ir/jaxpr.ts';
import { findPrimitive } from '../compiler/primitives/index.ts';
import type { Device, ExecutableStats } from '../runtime/index.ts';
import { withDevice } from './device.ts';
import { JitCache, entryKey } from './jit-cache.ts';
import type { Entry } from './jit-cache.ts';
import { checkStructure, currentValue, readArguments, rebuildArguments } from './trace/arguments.ts';
import type { Arguments } from './trace/arguments.ts';
import { bind, located } from './trace/bind.ts';
import { callSite, deviceFor, executableOf, runExecutable } from './trace/execute.ts';
import { CallStack } from './trace/location.ts';
import { buildOutputs, planOutputs } from './trace/outputs.ts';
import { closedJaxpr, finish, stage } from './trace/stage.ts';
import { Tensor } from './trace/tensor.ts';
import { currentTrace, readIn, writeIn } from './trace/trace.ts';
import { userError } from './trace/user-error.ts';
import type { Variable } from './trace/variable.ts';

export interface JitOptions {
  /** The device to run on; default: where the arguments are, else the device of init(). */
  readonly device?: Device;
  /** Positions of arguments whose tensors are consumed: they are disposed after the call, and their memory is reused. */
  readonly donate?: readonly number[];
}

/** What a jitted function has done so far. Program figures are those of the program that ran last. */
export interface JitStats extends ExecutableStats {
  /** How often the function was traced. */
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
  const label = f.name || 'anonymous';
  const name = `jit(${label})`;
  const cache = new JitCache(name);
  let last: ExecutableStats | null = null;

  const trace = (inputs: Arguments, args: A): Entry => {
    const values = inputs.traced.map((leaf) => currentValue(leaf));
    const staged = stage(
      name,
      values.map((value) => value.aval),
      (tracers, running) => f(...(rebuildArguments(inputs, tracers, running) as A)),
    );
    checkStructure(inputs, args, name);
    const plan = planOutputs(staged.result, staged.trace, inputs, 'static');
    const finished = finish(staged, plan.values);
    return cache.makeEntry(inputs, closedJaxpr(finished), plan, finished);
  };

  const lookUp = (args: A): { entry: Entry; inputs: Arguments } => {
    const absent = options.donate?.find((position) => !(position in args));
    if (absent !== undefined) {
      throw userError('VALUE', `${name}: donate names argument ${absent}, and the call has ${args.length}`, {
        fix: 'jit(f, { donate: [0] })',
      });
    }
    const inputs = readArguments(args);
    const key = entryKey(inputs);
    const entry = cache.find(key, inputs) ?? cache.add(key, inputs, trace(inputs, args));
    return { entry, inputs };
  };

  const call = (...args: A): R =>
    located(() => {
      const { entry, inputs } = lookUp(args);
      const outer = currentTrace();
      const captured = entry.captures.map((capture) =>
        capture.kind === 'tensor' ? capture.tensor : readIn(outer, capture.variable.deref()!),
      );
      const operands = [...captured, ...inputs.traced.map((leaf) => currentValue(leaf, outer))];
      const results = outer === null ? run(entry, inputs, operands) : stageCall(entry.jaxpr, operands);
      const count = entry.plan.values.length;
      entry.writes.forEach((write, i) => {
        const variable = write.kind === 'argument' ? (inputs.traced[write.index]!.value as Variable) : write.variable.deref()!;
        writeIn(outer, variable, results[count + i]!);
      });
      return buildOutputs(entry.plan, results, inputs) as R;
    });

  const run = (entry: Entry, inputs: Arguments, operands: readonly Tensor[]): Tensor[] => {
    const device = deviceFor(operands, name, options.device);
    const executable = entry.executable(device, () => executableOf(entry.jaxpr, device, label));
    const donated = (i: number): boolean => {
      const leaf = inputs.traced[i - entry.captures.length];
      return leaf !== undefined && leaf.value instanceof Tensor && (options.donate ?? []).includes(leaf.argument);
    };
    const donate = options.donate === undefined ? undefined : operands.map((_, i) => donated(i));
    const results = runExecutable(executable, entry.jaxpr, operands, device, callSite(label, new CallStack(), donate));
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
      const { entry, inputs } = located(() => lookUp(args));
      const captured = entry.captures.map((capture) =>
        capture.kind === 'tensor' ? capture.tensor : capture.variable.deref()!.cell(),
      );
      const operands = [...captured, ...inputs.traced.map((leaf) => currentValue(leaf, null))];
      const device = deviceFor(operands, name, options.device);
      const executable = entry.executable(device, () => withDevice(device, () => executableOf(entry.jaxpr, device, label)));
      await executable.compile();
      last = executable.stats;
    },
    stats: (): JitStats => ({ ...(last ?? EMPTY_STATS), traces: cache.traces, hits: cache.hits }),
    clear: (): void => cache.clear(),
  });
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
