/**
 * Tracing. There is one current trace; while it is current, every operation appends an equation to it. A trace also holds the
 * environment of Variables: reads and writes of state go there, never to the cells.
 */
import { Builder } from '../../compiler/ir/builder.ts';
import { Literal, Var } from '../../compiler/ir/jaxpr.ts';
import type { Atom, Aval } from '../../compiler/ir/jaxpr.ts';
import { HeddleError } from '../../compiler/errors.ts';
import { Tensor } from './tensor.ts';
import type { Variable } from './variable.ts';
import { checkReachable } from './eager.ts';
import { leaked } from './leak.ts';

/** A value from outside the trace: a captured tensor, or the value of a Variable when the trace began to need it. */
export interface Capture {
  readonly outer: Tensor;
  readonly input: Var;
  readonly variable: Variable | null;
}

/** A mapped axis with a name. */
export interface NamedAxis {
  readonly name: string;
  readonly size: number;
}

export class Trace {
  /** The transform and function, for messages: `jit(loss)`. */
  readonly name: string;
  readonly parent: Trace | null;
  readonly builder: Builder = new Builder();
  /** For vmap: the argument Variables that are mapped. */
  mapped: ReadonlySet<Variable> | null = null;
  /** For vmap with an axisName: the axis that collectives inside know by it. */
  axis: NamedAxis | null = null;
  /** The modules that the function called, with their parts: what it computes depends on what they are. */
  readonly modules: Set<object> = new Set();
  #captured = new Map<Tensor, Capture>();
  #read = new Map<Variable, Capture>();
  #values = new Map<Variable, Tensor>();
  #written = new Set<Variable>();
  #paths = new Map<Variable, string>();
  #created = new Set<Variable>();
  #checks: (() => void)[] = [];
  #ended = false;

  constructor(name: string, parent: Trace | null) {
    this.name = name;
    this.parent = parent;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** What the trace took from outside: Variables read, in order of first use, then captured tensors. */
  get captures(): readonly Capture[] {
    return [...this.#read.values(), ...this.#captured.values()];
  }

  /** The outer Variables written, in order of first write. */
  get written(): readonly Variable[] {
    return [...this.#written];
  }

  /** Whether the Variable was made in this trace. */
  created(variable: Variable): boolean {
    return this.#created.has(variable);
  }

  end(): void {
    this.#ended = true;
  }

  /** Something to check when the function has run. */
  atEnd(check: () => void): void {
    this.#checks.push(check);
  }

  check(): void {
    for (const check of this.#checks) check();
  }

  /** A fresh input of the given aval, as the tensor that the traced function sees. */
  newTracer(aval: Aval): Tensor {
    return Tensor.traced(this, new Var(aval));
  }

  /** The atom that stands for an operand in this trace. */
  atom(operand: Tensor | Literal): Atom {
    if (operand instanceof Literal) return operand;
    const traced = operand.tracer;
    if (traced?.trace === this) return traced.atom;
    if (traced !== null && !this.#isInside(traced.trace)) throw leaked(operand, this);
    return this.#capture(operand).input;
  }

  /** Makes an argument's Variable, found at `path`, stand for `value` in this trace. */
  bindVariable(variable: Variable, value: Tensor, path: string): void {
    this.#values.set(variable, value);
    this.#paths.set(variable, path);
  }

  /** Where the Variable is among the arguments of this trace or one around it. */
  pathOf(variable: Variable): string | undefined {
    return this.#paths.get(variable) ?? this.parent?.pathOf(variable);
  }

  /** The value that this trace or one around it has for the Variable, whatever its cell says. Does not count as a read. */
  peek(variable: Variable): Tensor | undefined {
    return this.#values.get(variable) ?? this.parent?.peek(variable);
  }

  readVariable(variable: Variable): Tensor {
    const known = this.#values.get(variable);
    if (known !== undefined) return known;
    const tracer = this.#takeVariable(variable);
    this.#values.set(variable, tracer);
    return tracer;
  }

  /** The input that holds the Variable's value at entry; makes the read if the function only wrote it. */
  entryOf(variable: Variable): Capture {
    if (!this.#read.has(variable)) this.#takeVariable(variable);
    return this.#read.get(variable)!;
  }

  #takeVariable(variable: Variable): Tensor {
    const outer = readIn(this.parent, variable);
    const tracer = this.newTracer(outer.aval);
    this.#read.set(variable, { outer, input: tracerVar(tracer), variable });
    return tracer;
  }

  /** @throws LEAKED_TRACER for a value that this trace cannot reach. */
  writeVariable(variable: Variable, value: Tensor): void {
    const from = value.tracer?.trace;
    if (from !== undefined && from !== this && !this.#isInside(from)) throw leaked(value, this);
    this.#values.set(variable, this.#strong(value));
    if (!this.#created.has(variable)) this.#written.add(variable);
  }

  /** A Variable made inside the trace: its cell stays empty, its value lives here. */
  createVariable(variable: Variable, value: Tensor): void {
    this.#values.set(variable, this.#strong(value));
    this.#created.add(variable);
  }

  /** The value as a Variable holds it: strongly typed. */
  #strong(value: Tensor): Tensor {
    if (!value.aval.weak) return value;
    return Tensor.traced(this, this.builder.convertElementType(this.atom(value), { newDtype: value.dtype, weakType: false }));
  }

  #capture(tensor: Tensor): Capture {
    const known = this.#captured.get(tensor);
    if (known !== undefined) return known;
    const capture = { outer: tensor, input: new Var(tensor.aval), variable: null };
    this.#captured.set(tensor, capture);
    return capture;
  }

  #isInside(outer: Trace): boolean {
    for (let trace = this.parent; trace !== null; trace = trace.parent) if (trace === outer) return true;
    return false;
  }
}

/** The named axes that are mapped around this point, innermost first; of two of one name the inner one counts. */
export function namedAxes(trace: Trace | null = current): readonly NamedAxis[] {
  const axes: NamedAxis[] = [];
  for (let inner = trace; inner !== null; inner = inner.parent) {
    const { axis } = inner;
    if (axis !== null && !axes.some(({ name }) => name === axis.name)) axes.push(axis);
  }
  return axes;
}

let current: Trace | null = null;

export function currentTrace(): Trace | null {
  return current;
}

/** Runs `f` with `trace` current (`null`: eagerly); whatever happens, the outer trace is current again afterwards. */
export function withTrace<T>(trace: Trace | null, f: () => T): T {
  const outer = current;
  current = trace;
  try {
    return f();
  } finally {
    current = outer;
  }
}

/** The value of a Variable as `trace` sees it; `null` is the world outside traces. */
export function readIn(trace: Trace | null, variable: Variable): Tensor {
  if (trace !== null) return trace.readVariable(variable);
  checkReachable(variable, 'read');
  return variable.cell();
}

/** Like readIn, but does not count as a read; null for a Variable that was made in a trace which has ended. */
export function peekIn(trace: Trace | null, variable: Variable): Tensor | null {
  return trace?.peek(variable) ?? (variable.filled ? variable.cell() : null);
}

function tracerVar(tracer: Tensor): Var {
  const atom = tracer.tracer?.atom;
  if (atom instanceof Var) return atom;
  throw new HeddleError('INTERNAL', 'a fresh tracer names a Var');
}
