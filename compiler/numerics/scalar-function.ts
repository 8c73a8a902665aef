/** How scalar operations are written in WGSL, by the dtype of their operands. */
import { HeddleError } from '../errors.ts';
import { isFloat, isInteger } from '../dtype.ts';
import type { DType } from '../dtype.ts';
import type { ScalarFunction, WgslHelper } from '../scalar/expression.ts';

/** One way to write an operation. */
export interface Form {
  readonly cost: ScalarFunction['cost'];
  readonly helpers: readonly WgslHelper[];
  write(args: readonly string[], operand: DType, result: DType): string;
}

/** A thing that differs between dtypes; the most specific entry counts. */
export type ByDType<T> = { readonly [Kind in DType | 'integer' | 'float']?: T };

export function choose<T>(name: string, entries: ByDType<T>, dtype: DType): T {
  const entry = entries[dtype] ?? (isFloat(dtype) ? entries.float : isInteger(dtype) ? entries.integer : undefined);
  if (entry === undefined) throw new HeddleError('INTERNAL', `${name} has no entry for ${dtype}`);
  return entry;
}

/** `x + y`; what uses it as an operand puts it in parentheses. */
export function infix(operator: string): Form {
  return { cost: 'alu', helpers: [], write: ([x, y]) => `${x} ${operator} ${y}` };
}

/** A function of WGSL itself. */
export function builtin(name: string, cost: Form['cost'] = 'alu'): Form {
  return { cost, helpers: [], write: (args) => `${name}(${args.join(', ')})` };
}

/** A call of a helper. Those for floats compute in f32, also for f16. */
export function call(helper: WgslHelper, cost: Form['cost'] = 'heavy'): Form {
  const write: Form['write'] = (args, operand, result) => {
    const widened = operand === 'float16' ? args.map((arg) => `f32(${arg})`) : args;
    const value = `${helper.name}(${widened.join(', ')})`;
    return result === 'float16' ? `f16(${value})` : value;
  };
  return { cost, helpers: [helper], write };
}

/** Any other expression. */
export function expression(write: Form['write'], ...helpers: readonly WgslHelper[]): Form {
  return { cost: 'alu', helpers, write };
}

export function scalarFunction(name: string, forms: Form | ByDType<Form>): ScalarFunction {
  const form = (operand: DType): Form => ('write' in forms ? forms : choose(name, forms, operand));
  const costs = 'write' in forms ? [forms.cost] : Object.values(forms).map((entry: Form) => entry.cost);
  return {
    name,
    cost: costs.includes('heavy') ? 'heavy' : costs.includes('alu') ? 'alu' : 'free',
    wgsl: (args, operand, result) => form(operand).write(args, operand, result),
    helpers: (operand) => form(operand).helpers,
  };
}
