/** An entry of jit's cache: a program, and everything that its trace depended on. */
import type { Jaxpr } from '../compiler/ir/jaxpr.ts';
import { sameAval } from '../compiler/ir/jaxpr.ts';
import { equalJaxprs } from '../compiler/ir/hash.ts';
import type { Aval } from '../compiler/ir/jaxpr.ts';
import type { Device, Executable } from '../runtime/index.ts';
import { argumentOf } from './trace/arguments.ts';
import type { Arguments, CallInputs } from './trace/arguments.ts';
import { interruptedTrace } from './trace/eager.ts';
import { ownHandle } from './trace/handles.ts';
import { ObjectRecords } from './trace/object-records.ts';
import { samePlan } from './trace/outputs.ts';
import type { OutputPlan } from './trace/outputs.ts';
import { closedJaxpr } from './trace/stage.ts';
import type { Capture, Trace } from './trace/trace.ts';
import { peekIn, readIn } from './trace/trace.ts';
import type { TracedFunction } from './trace/trace-function.ts';
import { Tensor } from './trace/tensor.ts';
import { Variable } from './trace/variable.ts';
import { writeIn } from './trace/write.ts';

type CapturedValue =
  | { readonly kind: 'tensor'; readonly tensor: Tensor }
  | { readonly kind: 'variable'; readonly variable: WeakRef<Variable>; readonly aval: Aval };

type Write =
  { readonly kind: 'argument'; readonly index: number } | { readonly kind: 'captured'; readonly variable: WeakRef<Variable> };

/** A call, and the entry that serves it. */
export interface Served {
  readonly entry: JitEntry;
  readonly inputs: CallInputs;
  /** The inputs of the entry's jaxpr. */
  readonly operands: readonly Tensor[];
}

/** It holds the tensors that the function captured, and Variables only weakly. */
export class JitEntry {
  readonly jaxpr: Jaxpr;
  readonly plan: OutputPlan;
  /** By traced leaf: the position of its argument. */
  readonly argumentOf: readonly number[];
  /** Captures tracers of an outer trace, so it serves only this call. */
  readonly transient: boolean;
  readonly #captures: readonly CapturedValue[];
  readonly #writes: readonly Write[];
  /** The Variables that were arguments of the trace. */
  readonly #instances: readonly WeakRef<Variable>[];
  /** The Variables that it captured; null for the type of a value that it does not read. */
  readonly #outer: readonly { readonly variable: WeakRef<Variable>; readonly aval: Aval | null }[];
  /** The modules that it captured and called, with their parts. */
  readonly #modules: readonly WeakRef<object>[];
  /** What the captured modules were, and the captured Variables apart from their values. */
  readonly #kinds = new WeakMap<object, ObjectRecords>();
  readonly #executables = new WeakMap<Device, Executable>();
  /** Traced for two sets of argument Variables with one result, so it serves any. */
  #independent = false;

  constructor(inputs: Arguments, { plan, finished }: TracedFunction) {
    this.jaxpr = closedJaxpr(finished);
    this.plan = plan;
    this.argumentOf = inputs.traced.map(argumentOf);
    this.transient = finished.captures.some(({ outer, variable }) => variable === null && outer.tracer !== null);
    this.#captures = finished.captures.map(describeCapture);
    this.#writes = finished.writes.map(({ variable }) => describeWrite(variable, inputs));
    this.#instances = argumentVariables(inputs).map((variable) => new WeakRef(variable));
    this.#outer = [
      ...this.#captures.flatMap((capture) => (capture.kind === 'variable' ? [capture] : [])),
      ...this.#writes.flatMap((write) => (write.kind === 'captured' ? [{ variable: write.variable, aval: null }] : [])),
    ];
    const modules = [...finished.trace.modules].filter((module) => !inputs.objects.includes(module));
    this.#modules = modules.map((module) => new WeakRef(module));
    for (const object of [...this.#modules, ...this.#outer.map(({ variable }) => variable)]) {
      this.#kinds.set(object.deref()!, new ObjectRecords([object.deref()!]));
    }
  }

  /** Whether a call with these arguments, whose key is that of the traced ones, would give the same trace now. */
  serves(inputs: Arguments, trace: Trace | null): boolean {
    const variables = argumentVariables(inputs);
    const reached = new Set(variables);
    return (
      this.#outer.every(({ variable }) => !reached.has(variable.deref()!)) &&
      this.readsOuter(trace) &&
      (this.#independent || this.#instances.every((instance, i) => instance.deref() === variables[i]))
    );
  }

  /** Whether the modules and Variables that it captured are still there as they were, with values of the same types. */
  readsOuter(trace: Trace | null): boolean {
    const isUnchanged = (object: object | undefined): boolean => object !== undefined && this.#kinds.get(object)!.unchanged();
    return (
      this.#modules.every((module) => isUnchanged(module.deref())) &&
      this.#outer.every(({ variable, aval }) => {
        const captured = variable.deref();
        const value = captured === undefined ? null : peekIn(trace, captured);
        return value !== null && (aval === null || sameAval(value.aval, aval)) && isUnchanged(captured);
      })
    );
  }

  /** What the function captured, as the trace sees it. */
  captured(trace: Trace | null): Tensor[] {
    for (let inner = trace; inner !== null; inner = inner.parent) {
      for (const module of this.#modules) inner.modules.add(module.deref()!);
    }
    return this.#captures.map((capture) => (capture.kind === 'tensor' ? capture.tensor : readIn(trace, capture.variable.deref()!)));
  }

  /** The inputs of the jaxpr: what the function captured, then the traced leaves. */
  operands(inputs: CallInputs, trace: Trace | null): Tensor[] {
    return [...this.captured(trace), ...inputs.values.map((value) => (value instanceof Tensor ? value : readIn(trace, value)))];
  }

  /** By result of the jaxpr: the cell to which it will be written, when that has a value which may be written over. */
  cellsToWrite(operands: readonly Tensor[]): (Tensor | null)[] {
    if (interruptedTrace() !== null) return []; // The write may be refused.
    const cells = new Array<Tensor | null>(this.plan.count).fill(null);
    for (const write of this.#writes) {
      cells.push(write.kind === 'argument' ? operands[this.#captures.length + write.index]! : valueOf(write.variable.deref()!));
    }
    return cells;
  }

  /** Writes the Variables that a call with these inputs writes, apart from those whose cells the call wrote over. */
  writeState(trace: Trace | null, inputs: CallInputs, results: readonly Tensor[], over: readonly (Tensor | null)[]): void {
    for (let i = 0; i < this.#writes.length; i++) {
      const [write, position] = [this.#writes[i]!, this.plan.count + i];
      if (results[position] === over[position]) continue;
      const variable = write.kind === 'argument' ? (inputs.values[write.index] as Variable) : write.variable.deref()!;
      writeIn(trace, variable, results[position]!);
    }
  }

  executable(device: Device, make: () => Executable): Executable {
    let executable = this.#executables.get(device);
    if (executable === undefined) this.#executables.set(device, (executable = make()));
    return executable;
  }

  /**
   * Takes note of another trace of the same function for other argument objects, and tells whether it may stand for both. If neither
   * captured an argument of the other, the function reaches its state through the arguments only, and equal jaxprs serve every set of
   * arguments.
   */
  absorb(other: JitEntry): boolean {
    if (this.#instances.length === 0 || !this.#isTwin(other)) return false;
    this.#independent = true;
    for (const capture of other.#captures) if (capture.kind === 'tensor') capture.tensor.dispose();
    return true;
  }

  #isTwin(other: JitEntry): boolean {
    const instances = new Set(other.#instances.map((instance) => instance.deref()));
    return (
      this.#instances.every((instance) => !instances.has(instance.deref())) &&
      sameLists(this.#captures, other.#captures, sameCapture) &&
      sameLists(this.#writes, other.#writes, sameWrite) &&
      samePlan(this.plan, other.plan) &&
      equalJaxprs(this.jaxpr, other.jaxpr)
    );
  }
}

function describeCapture({ outer, variable }: Capture): CapturedValue {
  if (variable === null) return { kind: 'tensor', tensor: ownHandle(outer.alias()) };
  return { kind: 'variable', variable: new WeakRef(variable), aval: outer.aval };
}

function describeWrite(variable: Variable, inputs: Arguments): Write {
  const index = inputs.values.indexOf(variable);
  return index < 0 ? { kind: 'captured', variable: new WeakRef(variable) } : { kind: 'argument', index };
}

/** What is in the Variable's cell, if there is anything. */
function valueOf(variable: Variable): Tensor | null {
  return variable.filled && !variable.cell().disposed ? variable.cell() : null;
}

function argumentVariables(inputs: Arguments): Variable[] {
  return inputs.values.filter((value) => value instanceof Variable);
}

function sameLists<T>(a: readonly T[], b: readonly T[], same: (a: T, b: T) => boolean): boolean {
  return a.length === b.length && a.every((item, i) => same(item, b[i]!));
}

function sameCapture(a: CapturedValue, b: CapturedValue): boolean {
  if (a.kind === 'variable') return b.kind === 'variable' && a.variable.deref() === b.variable.deref();
  return b.kind === 'tensor' && a.tensor.storage('jit') === b.tensor.storage('jit');
}

function sameWrite(a: Write, b: Write): boolean {
  if (a.kind === 'argument') return b.kind === 'argument' && a.index === b.index;
  return b.kind === 'captured' && a.variable.deref() === b.variable.deref();
}
