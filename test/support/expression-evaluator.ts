/** Scalar expressions evaluated on the host as WGSL would: indices in u32, every load checked to be in bounds. */
import type { HostArray } from '../../compiler/dtype.ts';
import { roundTo } from '../../compiler/dtype.ts';
import type { Aval } from '../../compiler/ir/jaxpr.ts';
import type { Params } from '../../compiler/ir/jaxpr.ts';
import type { Primitive } from '../../compiler/primitives/primitive.ts';
import { fromNumbers } from '../../compiler/reference/arrays.ts';
import { loadExpr } from '../../compiler/scalar/expression.ts';
import type { Expr, Value } from '../../compiler/scalar/expression.ts';
import { flatten, variable } from '../../compiler/scalar/indices.ts';
import type { Index } from '../../compiler/scalar/indices.ts';
import { sizeOf, stridesOf } from '../../compiler/shape.ts';

export interface Environment {
  readonly variables: ReadonlyMap<string, number>;
  readonly buffers: readonly HostArray[];
}

export function evaluateIndex(index: Index, environment: Environment): number {
  const of = (inner: Index): number => evaluateIndex(inner, environment);
  switch (index.kind) {
    case 'constant':
      return index.value >>> 0;
    case 'variable':
      return environment.variables.get(index.name)!;
    case 'add':
      return (of(index.a) + of(index.b)) >>> 0;
    case 'scale':
      return Math.imul(of(index.a), index.by) >>> 0;
    case 'divide':
      return Math.floor(of(index.a) / index.by);
    case 'modulo':
      return of(index.a) % index.by;
    case 'dynamic':
      return evaluateExpr(index.value, environment) >>> 0;
  }
}

const FUNCTIONS: Readonly<Record<string, (args: readonly number[]) => number>> = {
  less: ([a, b]) => (a! < b! ? 1 : 0),
  both: ([a, b]) => (a !== 0 && b !== 0 ? 1 : 0),
  index_to_float: ([x]) => x!,
};

export function evaluateExpr(expr: Expr, environment: Environment): number {
  const of = (inner: Expr): number => evaluateExpr(inner, environment);
  switch (expr.kind) {
    case 'constant':
      return expr.value;
    case 'load':
      return load(environment.buffers[expr.buffer]!, evaluateIndex(expr.index, environment));
    case 'index':
      return roundTo(expr.dtype, evaluateIndex(expr.index, environment));
    case 'apply': {
      const f = FUNCTIONS[expr.fn.name];
      if (f === undefined) throw new Error(`no host version of ${expr.fn.name}`);
      return roundTo(expr.dtype, f(expr.args.map(of)));
    }
    case 'select': {
      const [yes, no] = [of(expr.yes), of(expr.no)];
      return of(expr.condition) !== 0 ? yes : no;
    }
    case 'reduced':
      throw new Error('a movement has no reductions');
  }
}

function load(buffer: HostArray, index: number): number {
  const value = buffer.data[index];
  if (value === undefined) throw new Error(`a load of element ${index} of ${buffer.data.length}`);
  return value;
}

/** The array of a buffer as a function of its indices. */
export function bufferValue(aval: Aval, buffer: number): Value {
  return { aval, at: (indices) => loadExpr(aval.dtype, buffer, flatten(indices, aval.shape)) };
}

/** The outputs of a primitive computed element by element through its lowering. */
export function evaluateElements(
  primitive: Primitive,
  avals: readonly Aval[],
  buffers: readonly HostArray[],
  params: Params,
): HostArray[] {
  const { lowering } = primitive;
  if (lowering.kind !== 'element') throw new Error(`${primitive.name} has no element lowering`);
  const outputs = primitive.type(avals, params);
  const elements = lowering.at(avals.map(bufferValue), params, outputs);
  return outputs.map(({ dtype, shape }, i) => {
    const expr = elements[i]!(shape.map((extent, axis) => variable(`i${axis}`, extent)));
    const strides = stridesOf(shape);
    const values = Array.from({ length: sizeOf(shape) }, (_, flat) => {
      const variables = new Map(shape.map((extent, axis) => [`i${axis}`, Math.floor(flat / strides[axis]!) % extent]));
      return evaluateExpr(expr, { variables, buffers });
    });
    return fromNumbers(dtype, shape, values);
  });
}
