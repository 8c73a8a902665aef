/** Queries that trace without running: makeJaxpr and evalShape. They discard writes of state. */
import type { DType } from '../compiler/dtype.ts';
import type { Jaxpr } from '../compiler/ir/jaxpr.ts';
import { printJaxpr } from '../compiler/ir/print.ts';
import { checkStructure, currentValue, readArguments, rebuildArguments } from './trace/arguments.ts';
import type { Arguments } from './trace/arguments.ts';
import { located } from './trace/bind.ts';
import { planOutputs } from './trace/outputs.ts';
import type { OutputPlan } from './trace/outputs.ts';
import { finish, stage } from './trace/stage.ts';
import type { Finished } from './trace/stage.ts';
import type { Tensor } from './trace/tensor.ts';
import type { Variable } from './trace/variable.ts';
import { unflatten } from './tree.ts';
import { printsItself } from './trace/printing.ts';

/** A jaxpr with what it captured and the state it threads. Printing it gives JAX's text and the names of the state. */
export class ClosedJaxpr {
  readonly jaxpr: Jaxpr;
  /** The tensors bound to the jaxpr's consts. */
  readonly consts: readonly Tensor[];
  /** What the leading inputs are: Variables read from outside the arguments, in order of first use. */
  readonly reads: readonly string[];
  /** What the trailing outputs are: Variables written, in order of first write. */
  readonly writes: readonly string[];

  constructor(jaxpr: Jaxpr, consts: readonly Tensor[], reads: readonly string[], writes: readonly string[]) {
    this.jaxpr = jaxpr;
    this.consts = consts;
    this.reads = reads;
    this.writes = writes;
  }

  toString(): string {
    const state = [
      ...(this.reads.length === 0 ? [] : [`# reads ${this.reads.join(', ')}`]),
      ...(this.writes.length === 0 ? [] : [`# writes ${this.writes.join(', ')}`]),
    ];
    return [...state, printJaxpr(this.jaxpr)].join('\n');
  }
}

export interface TracedCall {
  readonly inputs: Arguments;
  readonly plan: OutputPlan;
  readonly finished: Finished;
  readonly closed: ClosedJaxpr;
}

/** Traces a call with arguments like these. */
export function traceCall(label: string, f: (...args: never[]) => unknown, args: readonly unknown[]): TracedCall {
  const name = `${label}(${f.name || 'anonymous'})`;
  const inputs = readArguments(args);
  const values = inputs.traced.map((leaf) => currentValue(leaf));
  const staged = stage(
    name,
    values.map((value) => value.aval),
    (tracers, trace) => f(...(rebuildArguments(inputs, tracers, trace) as never[])),
  );
  checkStructure(inputs, args, name);
  const plan = planOutputs(staged.result, staged.trace, inputs, 'static');
  const finished = finish(staged, plan.values);
  const { captures, outputs, writes, trace } = finished;
  const reads = captures.filter(({ variable }) => variable !== null);
  const consts = captures.filter(({ variable }) => variable === null);
  const jaxpr = trace.builder.build(
    consts.map(({ input }) => input),
    [...reads.map(({ input }) => input), ...finished.inputs],
    [...outputs, ...writes.map(({ value }) => value)],
  );
  const labels = (variables: readonly Variable[]): string[] => variables.map((variable) => labelOf(variable, inputs));
  const closed = new ClosedJaxpr(
    jaxpr,
    consts.map(({ outer }) => outer),
    labels(reads.map(({ variable }) => variable!)),
    labels(writes.map(({ variable }) => variable)),
  );
  return { inputs, plan, finished, closed };
}

/** The jaxpr of a function. The counterpart of jax.make_jaxpr. */
export function makeJaxpr<A extends unknown[]>(f: (...args: A) => unknown): (...args: A) => ClosedJaxpr {
  return (...args: A): ClosedJaxpr => located(() => traceCall('makeJaxpr', f as (...args: never[]) => unknown, args).closed);
}

/** The shape and dtype of a tensor that was not computed. */
export class ShapeDtype {
  readonly shape: readonly number[];
  readonly dtype: DType;

  constructor(shape: readonly number[], dtype: DType) {
    this.shape = shape;
    this.dtype = dtype;
  }

  toString(): string {
    return `${this.dtype}[${this.shape.join(',')}]`;
  }
}

/** The results of a call with a ShapeDtype in place of every tensor; nothing runs. The counterpart of jax.eval_shape. */
export function evalShape<A extends unknown[]>(f: (...args: A) => unknown, ...args: A): unknown {
  return located(() => {
    const { plan, inputs } = traceCall('evalShape', f as (...args: never[]) => unknown, args);
    const leaves = plan.leaves.map((leaf): unknown => {
      if (leaf.kind === 'static') return leaf.value;
      if (leaf.kind === 'argument') return inputs.traced[leaf.index]!.value;
      if (leaf.kind === 'object') return inputs.objects[leaf.index];
      const { shape, dtype } = plan.values[leaf.index]!.aval;
      return new ShapeDtype(shape, dtype);
    });
    return unflatten(plan.treedef, leaves);
  });
}

function labelOf(variable: Variable, inputs: Arguments): string {
  const path = inputs.traced.find(({ value }) => value === variable)?.path;
  return path === undefined ? variable.constructor.name : `${variable.constructor.name} ${path}`;
}

printsItself(ClosedJaxpr);
