/** The one door through which operations enter: staged while a trace is current, else run at once. */
import { HeddleError } from '../../compiler/errors.ts';
import { isFloat, isInteger, promote } from '../../compiler/dtype.ts';
import type { DType, Promotable } from '../../compiler/dtype.ts';
import { findPrimitive } from '../../compiler/primitives/index.ts';
import type { Primitive } from '../../compiler/primitives/primitive.ts';
import { Builder } from '../../compiler/ir/builder.ts';
import { Literal, Var } from '../../compiler/ir/jaxpr.ts';
import type { Params } from '../../compiler/ir/jaxpr.ts';
import { evaluate } from '../../compiler/reference/evaluate.ts';
import { sizeOf } from '../../compiler/shape.ts';
import { hostComputes } from '../device.ts';
import { interrupting } from './eager.ts';
import { runJaxpr } from './execute.ts';
import { describeValue, hostTensor, literalOf, literalTensor, scalarLiteral, toTensor } from './literal.ts';
import { CallStack, userSource } from './location.ts';
import { currentPath } from './path.ts';
import { Tensor } from './tensor.ts';
import { currentTrace, withTrace } from './trace.ts';
import { Variable } from './variable.ts';

/** An operand of np, lax and nn functions. Numbers are weakly typed; a Variable stands for its value. */
export type Operand = Tensor | Variable | number | boolean;

/** Above this many elements eager operations run on the device even when their operands are on the host. */
const HOST_ELEMENTS = 1024;

/** Applies a primitive: appends an equation to the current trace, or computes now. Operands already have the types it takes. */
export function bind(primitive: Primitive, operands: readonly (Tensor | Literal)[], params: Params = {}): Tensor[] {
  const trace = currentTrace();
  return located(() => {
    if (trace === null) return bindEagerly(primitive, operands, params);
    const source = userSource();
    trace.builder.source = source;
    trace.builder.path = currentPath();
    const outputs = trace.builder.bind(
      primitive,
      operands.map((operand) => trace.atom(operand)),
      params,
    );
    const made = source === undefined ? undefined : `${source.file}:${source.line}:${source.column}`;
    return outputs.map((output) => Tensor.traced(trace, output, made));
  });
}

/** `bind` of the primitive of this name, for primitives of one result. */
export function apply(name: string, operands: readonly (Tensor | Literal)[], params: Params = {}): Tensor {
  const primitive = findPrimitive(name);
  if (primitive === undefined) throw new HeddleError('INTERNAL', `no primitive is called ${name}`);
  const [output] = bind(primitive, operands, params);
  if (output === undefined) throw new HeddleError('INTERNAL', `${name} has no result`);
  return output;
}

/** A user's operand as a tensor or a weak literal. @throws PYTREE for anything else. */
export function operandOf(value: Operand): Tensor | Literal {
  if (typeof value === 'number' || typeof value === 'boolean') return scalarLiteral(value);
  return tensorOf(value);
}

/** A user's operand as a tensor; numbers become strong float32, booleans bool. */
export function tensorOf(value: unknown): Tensor {
  return value instanceof Variable ? value.value : toTensor(value, 'float32');
}

/**
 * The type that operands promote to together, by JAX's rules. An integer number beyond int32 takes the dtype of an integer
 * tensor beside it, so that `cast` can refuse it when it is out of range.
 */
export function resultType(operands: readonly (Tensor | Literal)[]): Promotable {
  const integers = operands.filter(({ aval }) => !aval.weak && isInteger(aval.dtype));
  const counted = operands.filter((operand) => integers.length === 0 || !isLargeInteger(operand));
  const [first, ...rest] = counted.map((operand): Promotable => operand.aval);
  if (first === undefined) throw new HeddleError('INTERNAL', 'resultType needs an operand');
  return rest.reduce(promote, first);
}

function isLargeInteger(operand: Tensor | Literal): boolean {
  return (
    operand instanceof Literal &&
    isFloat(operand.aval.dtype) &&
    operand.aval.weak &&
    Math.abs(operand.value) >= 2 ** 31 &&
    Number.isInteger(operand.value)
  );
}

/** An operand as `dtype`: numbers become literals of it, tensors are cast when they differ. */
export function cast(operand: Tensor, dtype: DType, weak?: boolean): Tensor;
export function cast(operand: Tensor | Literal, dtype: DType, weak?: boolean): Tensor | Literal;
export function cast(operand: Tensor | Literal, dtype: DType, weak: boolean = false): Tensor | Literal {
  if (operand instanceof Literal) return located(() => literalOf(operand.value, dtype, weak));
  if (operand.aval.dtype === dtype && operand.aval.weak === weak) return operand;
  if (operand.aval.dtype === dtype && !operand.aval.weak) return operand;
  return apply('convert_element_type', [operand], { newDtype: dtype, weakType: weak });
}

/** Fills the user's line into errors raised by rules that cannot know it. */
export function located<T>(f: () => T): T {
  try {
    return f();
  } catch (error) {
    throw error instanceof HeddleError && error.where === undefined ? error.at(new CallStack().where) : error;
  }
}

function bindEagerly(primitive: Primitive, operands: readonly (Tensor | Literal)[], params: Params): Tensor[] {
  const tensors = operands.map((operand) => (operand instanceof Literal ? literalTensor(operand) : operand));
  const o = new Builder();
  const inputs = tensors.map((tensor) => new Var(tensor.aval));
  const outputs = o.bind(primitive, inputs, params);
  const jaxpr = o.build([], inputs, outputs);
  const onHost = tensors.every((tensor) => tensor.storage(primitive.name).hostData !== null && tensor.device === null);
  const small = [...inputs, ...outputs].every(({ aval }) => sizeOf(aval.shape) <= HOST_ELEMENTS);
  if (hostComputes() && onHost && small && primitive.lowering.kind !== 'control') {
    const results = evaluate(
      jaxpr,
      tensors.map((tensor) => tensor.storage(primitive.name).hostData!),
    );
    return results.map((result, i) => hostTensor(result.data, result.shape, result.dtype, outputs[i]!.aval.weak));
  }
  return runJaxpr(jaxpr, tensors, primitive.name);
}

/**
 * Runs `f` eagerly inside a trace, on concrete tensors only: not on Variables, whose values the trace threads.
 *
 * @throws CONCRETIZATION or STATE_WRITE where `f` reads or writes a Variable that it did not make.
 */
export function eager<T>(f: () => T): T {
  const trace = currentTrace();
  return trace === null ? f() : interrupting(trace, () => withTrace(null, f));
}

export { describeValue };
