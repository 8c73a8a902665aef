/** Powers. */
import { isFloat } from '../../compiler/dtype.ts';
import type { Literal } from '../../compiler/ir/jaxpr.ts';
import * as lax from '../lax/index.ts';
import { cast, operandOf } from '../trace/bind.ts';
import type { Operand } from '../trace/bind.ts';
import type { Tensor } from '../trace/tensor.ts';
import { fail, promotedToFloat, promotedToNumber } from './operands.ts';

/**
 * x to the power y; operands are promoted and broadcast. An exponent that is an integer number is multiplied out, exactly so for
 * integer x; other powers of a negative x are NaN. A tensor of integer exponents counts from 0: negative ones are not checked.
 * jax.numpy.power.
 *
 * @throws SHAPE when the shapes do not broadcast; VALUE for a negative integer number as exponent of integers.
 */
export function power(x: Operand, y: Operand): Tensor {
  if (typeof y === 'number' && Number.isInteger(y) && Math.abs(y) < 2 ** 31) return numberPower(operandOf(x), y);
  const [a, b] = promotedToNumber('np.power', [x, y]);
  return isFloat(a.aval.dtype) ? lax.pow(a, b) : integerPower(a, b);
}

/** x to the power y as floats. jax.numpy.float_power. */
export function floatPower(x: Operand, y: Operand): Tensor {
  return lax.pow(...promotedToFloat('np.floatPower', [x, y]));
}

function numberPower(x: Tensor | Literal, y: number): Tensor {
  const { dtype, weak } = x.aval;
  if (y < 0 && !isFloat(dtype)) {
    fail('VALUE', `np.power: integers have no power ${y}, and x is ${dtype}`, `np.power(x.astype('float32'), ${y})`);
  }
  return lax.integerPow(dtype === 'bool' ? cast(x, 'int32', weak) : x, y);
}

/** Repeated squaring over the bits of the exponent. */
function integerPower(x: Tensor | Literal, y: Tensor | Literal): Tensor {
  let result = lax.select(isOdd(y), x, 1);
  let [square, exponent] = [x, y];
  for (let bit = 1; bit < 32; bit++) {
    square = lax.mul(square, square);
    exponent = lax.shiftRightLogical(exponent, 1);
    result = lax.mul(result, lax.select(isOdd(exponent), square, 1));
  }
  return result;
}

function isOdd(x: Tensor | Literal): Tensor {
  return lax.ne(lax.bitwiseAnd(x, 1), 0);
}
