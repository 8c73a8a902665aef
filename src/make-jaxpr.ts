/** Queries that trace without running: makeJaxpr and evalShape. They discard writes of state. */
import type { DType } from '../compiler/dtype.ts';
import type { Jaxpr } from '../compiler/ir/jaxpr.ts';
import { printJaxpr } from '../compiler/ir/print.ts';
import { currentValue, readArguments } from './trace/arguments.ts';
import type { Arguments } from './trace/arguments.ts';
import { located } from './trace/bind.ts';
import { calleeName } from './trace/callee.ts';
import type { Tensor } from './trace/tensor.ts';
import { traceFunction } from './trace/trace-function.ts';
import type { TracedFunction } from './trace/trace-function.ts';
import type { Variable } from './trace/variable.ts';
import { unflatten } from './tree.ts';
import { printsItself, typeName } from './trace/printing.ts';

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

export interface TracedCall extends TracedFunction {
  readonly inputs: Arguments;
  readonly closed: ClosedJaxpr;
}

/** Traces a call with arguments like these. */
export function traceCall(label: string, f: (...args: never[]) => unknown, args: readonly unknown[]): TracedCall {
  const name = `${label}(${calleeName(label, f)})`;
  const inputs = readArguments(args);
  const avals = inputs.traced.map((leaf) => currentValue(leaf).aval);
  const traced = traceFunction(name, f, inputs, avals);
  const { captures, outputs, writes, trace } = traced.finished;
  const reads = captures.filter(({ variable }) => variable !== null);
  const consts = captures.filter(({ variable }) => variable === null);
  const jaxpr = trace.builder.build(
    consts.map(({ input }) => input),
    [...reads.map(({ input }) => input), ...traced.finished.inputs],
    [...outputs, ...writes.map(({ value }) => value)],
  );
  const labels = (variables: readonly Variable[]): string[] => variables.map((variable) => labelOf(variable, inputs));
  const closed = new ClosedJaxpr(
    jaxpr,
    consts.map(({ outer }) => outer),
    labels(reads.map(({ variable }) => variable!)),
    labels(writes.map(({ variable }) => variable)),
  );
  return { ...traced, inputs, closed };
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

/** A result with a ShapeDtype in place of every tensor. */
export type Shapes<R> = R extends Tensor | Variable
  ? ShapeDtype
  : R extends ((...args: never[]) => unknown) | null | undefined
    ? R
    : R extends object
      ? { readonly [K in keyof R]: Shapes<R[K]> }
      : R;

/** The results of a call with a ShapeDtype in place of every tensor; nothing runs. The counterpart of jax.eval_shape. */
export function evalShape<A extends unknown[], R>(f: (...args: A) => R, ...args: A): Shapes<R> {
  return located(() => {
    const { plan, values, inputs } = traceCall('evalShape', f as (...args: never[]) => unknown, args);
    const leaves = plan.leaves.map((leaf): unknown => {
      if (leaf.kind === 'static') return leaf.value;
      if (leaf.kind === 'argument') return inputs.traced[leaf.index]!.value;
      if (leaf.kind === 'object') return inputs.objects[leaf.index];
      const { shape, dtype } = values[leaf.index]!.aval;
      return new ShapeDtype(shape, dtype);
    });
    return unflatten(plan.treedef, leaves) as Shapes<R>;
  });
}

function labelOf(variable: Variable, inputs: Arguments): string {
  const path = inputs.traced.find(({ value }) => value === variable)?.path;
  const name = typeName(variable.constructor);
  return path === undefined ? name : `${name} ${path}`;
}

printsItself(ClosedJaxpr);
