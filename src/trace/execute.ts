/**
 * Runs finished jaxprs: takes out their effects, optimises and compiles them once per structure and device, then replays the
 * program and carries out the effects.
 */
import { optimize } from '../../compiler/optimize/pipeline.ts';
import { compile } from '../../compiler/compile.ts';
import { canonicalText } from '../../compiler/ir/hash.ts';
import type { Jaxpr } from '../../compiler/ir/jaxpr.ts';
import { evaluate } from '../../compiler/reference/evaluate.ts';
import { otherDevice } from '../../runtime/index.ts';
import type { CallSite, Device, Executable, Storage } from '../../runtime/index.ts';
import { copyInputs, takeOutEffects } from '../../compiler/transforms/effects.ts';
import type { Effectless } from '../../compiler/transforms/effects.ts';
import { BoundedMap } from '../bounded-map.ts';
import { defaultDevice } from '../device.ts';
import { CallEffects } from './effects.ts';
import { CallStack } from './location.ts';
import { Tensor } from './tensor.ts';
import { userError } from './user-error.ts';

const MAX_EXECUTABLES = 1024;
const executables = new WeakMap<Device, BoundedMap<string, Executable>>();

/** The executable of a jaxpr whose consts and inputs are the call's inputs; found by structure. */
export function executableOf(jaxpr: Jaxpr, device: Device, label: string): Executable {
  let known = executables.get(device);
  if (known === undefined) executables.set(device, (known = new BoundedMap(MAX_EXECUTABLES)));
  return known.getOrMake(canonicalText(jaxpr), () => load(jaxpr, device, label));
}

/** By jaxpr, and not by structure as executables: effects know the user's lines. */
const effectless = new WeakMap<Jaxpr, Effectless>();

function withoutEffects(jaxpr: Jaxpr): Effectless {
  let known = effectless.get(jaxpr);
  if (known === undefined) effectless.set(jaxpr, (known = takeOutEffects(jaxpr)));
  return known;
}

function load(jaxpr: Jaxpr, device: Device, label: string): Executable {
  const { jaxpr: pure, steps } = withoutEffects(jaxpr);
  const optimized = steps.length === 0 ? optimize(pure) : copyInputs(optimize(pure));
  if (device.kind === 'cpu') {
    return device.load({ kind: 'host', label, evaluate: (inputs) => evaluate(optimized, inputs) });
  }
  return device.load({ kind: 'program', program: compile(optimized, device.profile, label).program });
}

/**
 * Runs an executable of `jaxpr` on concrete tensors; the results are fresh tensors, or those over which the call wrote. Effects follow
 * when their operands are there.
 */
export function runExecutable(
  executable: Executable,
  jaxpr: Jaxpr,
  inputs: readonly Tensor[],
  device: Device,
  call: UserCall,
): Tensor[] {
  const storages = inputs.map((input) => input.storage(executable.label));
  const { steps } = withoutEffects(jaxpr);
  const effects = steps.length === 0 ? null : new CallEffects(steps, jaxpr.outputs.length);
  const results: Storage[] = device.run(executable, storages, effects?.callSite(call) ?? call);
  effects?.after(results);
  const { over } = call;
  return jaxpr.outputs.map((output, i) => {
    const [result, target] = [results[i]!, over?.[i]];
    return target != null && result === call.into?.[i] ? target : Tensor.adopt(result, output.aval);
  });
}

/** Runs a jaxpr once on concrete tensors, on the default device. `inputs` are its consts, then its inputs. */
export function runJaxpr(jaxpr: Jaxpr, inputs: readonly Tensor[], label: string): Tensor[] {
  const device = deviceFor(inputs, label);
  const stack = new CallStack();
  return runExecutable(executableOf(jaxpr, device, label), jaxpr, inputs, device, new UserCall(label, stack));
}

export interface CallOptions {
  /** Inputs that the call consumes. */
  readonly donate?: readonly boolean[] | undefined;
  /** For each result, a tensor of which nobody else has a handle: the result may be written over it. */
  readonly over?: readonly (Tensor | null)[] | undefined;
}

/** A call that a user's line makes. The line is found only when somebody needs it. */
export class UserCall implements CallSite {
  readonly label: string;
  readonly donate: readonly boolean[] | undefined;
  readonly over: readonly (Tensor | null)[] | undefined;
  readonly into: readonly (Storage | null)[] | undefined;
  readonly stack: CallStack;

  constructor(label: string, stack: CallStack, { donate, over }: CallOptions = {}) {
    this.label = label;
    this.stack = stack;
    this.donate = donate;
    this.over = over;
    this.into = over?.map((tensor) => tensor?.storage(label) ?? null);
  }

  get where(): string | undefined {
    return this.stack.where;
  }
}

/** The device that holds the inputs, or the default. @throws DEVICE_MISMATCH when they are on two devices. */
export function deviceFor(inputs: readonly Tensor[], label: string, wanted?: Device): Device {
  const device = wanted ?? inputs.map((input) => input.device).find((d) => d !== null) ?? defaultDevice(label);
  for (const input of inputs) {
    if (input.device === null || input.device === device) continue;
    throw userError(
      'DEVICE_MISMATCH',
      `${label} runs on ${device.label}, but an operand ${input.describe()} is on ${otherDevice(input.device, device)}`,
      { fix: 'await x.to(device)' },
    );
  }
  return device;
}
