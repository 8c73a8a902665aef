/** lax.foriLoop: a loop over the integers of a range. */
import { isInteger } from '../../compiler/dtype.ts';
import { showAval } from '../../compiler/ir/jaxpr.ts';
import { add } from '../lax/binary.ts';
import { apply, cast, located, resultType } from '../trace/bind.ts';
import type { Operand } from '../trace/bind.ts';
import { calleeName } from '../trace/callee.ts';
import type { Tensor } from '../trace/tensor.ts';
import { currentTrace } from '../trace/trace.ts';
import { userError } from '../trace/user-error.ts';
import { Variable } from '../trace/variable.ts';
import { runLoop } from './loop.ts';
import { operandTensor, readOperands } from './operands.ts';
import type { Operands } from './operands.ts';
import type { Returned, Traced } from './traced.ts';
import { runWhile } from './while.ts';

/** The position of a loop whose bounds are tensors: state that the body writes, and so a carry. */
class Position extends Variable {}

/**
 * The carry after `carry = body(i, carry)` for i from `lower` up to and without `upper`. Bounds that are numbers make a `scan`,
 * which `grad` differentiates; i is then a weakly typed int32. Bounds that are tensors make a `whileLoop`, which it does not; i has
 * their dtype. State is threaded as in these. The counterpart of jax.lax.fori_loop.
 *
 * @throws DTYPE or SHAPE for bounds that are no integer scalars of one dtype; CARRY when the carry's type changes.
 */
export function foriLoop<const C>(
  lower: Operand,
  upper: Operand,
  body: (i: Tensor, carry: Traced<C>) => Returned<C>,
  init: C,
): Traced<C> {
  return located(() => {
    const name = `foriLoop(${calleeName('lax.foriLoop', body, 'lax.foriLoop(0, 10, (i, x) => x.add(i), 0)')})`;
    const carried = readOperands(init, 'carry');
    const step = body as (i: Tensor, carry: unknown) => unknown;
    const [from, to] = [integerScalar(name, 'lower', lower), integerScalar(name, 'upper', upper)];
    const isStatic = typeof lower === 'number' && typeof upper === 'number';
    return (isStatic ? overRange(name, lower, upper, step, carried) : whileBelow(name, from, to, step, carried)) as Traced<C>;
  });
}

function integerScalar(name: string, which: string, given: Operand): Tensor {
  const bound = operandTensor(given instanceof Variable ? given.value : given, currentTrace());
  if (isInteger(bound.dtype) && bound.ndim === 0) return bound;
  const shown = typeof given === 'number' ? String(given) : showAval(bound.aval);
  const code = isInteger(bound.dtype) ? 'SHAPE' : 'DTYPE';
  throw userError(code, `${name}: the ${which} bound is ${shown}, and must be an integer scalar`, {
    fix: "lax.foriLoop(0, n.astype('int32'), body, init), or a whole number",
  });
}

type Step = (i: Tensor, carry: unknown) => unknown;

function overRange(name: string, lower: number, upper: number, step: Step, carried: Operands): unknown {
  const length = Math.max(0, upper - lower);
  const [last] = runLoop({
    name,
    carried,
    mapped: readOperands(integersFrom(lower, length), 'i'),
    length,
    reverse: false,
    step: (carry, i) => step(i as Tensor, carry),
    parts: (result) => [result, null],
    fix: 'return { ...carry, x }',
  });
  return last;
}

function whileBelow(name: string, lower: Tensor, upper: Tensor, step: Step, carried: Operands): unknown {
  if (!lower.aval.weak && !upper.aval.weak && lower.dtype !== upper.dtype) {
    const both = `${showAval(lower.aval)} and ${showAval(upper.aval)}`;
    throw userError('DTYPE', `${name}: the bounds are ${both}, and must be of one dtype`, {
      fix: `upper.astype('${lower.dtype}')`,
    });
  }
  const { dtype } = resultType([lower, upper]);
  const end = cast(upper, dtype);
  const i = new Position(cast(lower, dtype));
  const last = runWhile({
    name,
    carried,
    cond: () => apply('lt', [i.value, end]),
    body: (carry) => {
      const result = step(i.value, carry);
      i.value = i.value.add(1);
      return result;
    },
    maxIterations: null,
  });
  i.dispose();
  return last;
}

/** Weakly typed, as numbers are. */
function integersFrom(start: number, length: number): Tensor {
  const positions = apply('iota', [], { dtype: 'int32', shape: [length], dimension: 0 });
  const integers = start === 0 ? positions : add(positions, start);
  return apply('convert_element_type', [integers], { newDtype: 'int32', weakType: true });
}
