/** debug.print: shows values from inside programs. */
import { Literal, aval } from '../../compiler/ir/jaxpr.ts';
import { findPrimitive } from '../../compiler/primitives/index.ts';
import { bind, located, tensorOf } from '../trace/bind.ts';
import type { Tensor } from '../trace/tensor.ts';
import { currentTrace } from '../trace/trace.ts';
import { fillFormat, parseFormat } from './format.ts';
import type { Printable } from './format.ts';
import { printLines } from './printer.ts';
import { tensorText } from './text.ts';

/**
 * Prints `format` with values in its places: `{}` is the next value, `{name}` that of an object, `{{` and `}}` are braces. Inside
 * jit, scan, cond, vmap and grad the line appears after the call that runs the program, in the order of the program: for every
 * step of a scan, for the branch that was taken, for every element of a mapped axis. Lines appear when their values have arrived;
 * `await debug.barrier()` waits for them. The counterpart of jax.debug.print.
 *
 * @throws VALUE when places and values do not fit together; UNSUPPORTED, when the program is compiled, in a loop of unknown
 * length.
 */
export function print(format: string, ...values: readonly (Printable | Readonly<Record<string, Printable>>)[]): void {
  located(() => {
    const { format: text, operands } = parseFormat(format, values);
    const tensors = operands.map((operand) => tensorOf(operand));
    if (currentTrace() === null) printNow(text, tensors);
    else bind(findPrimitive('debug_print')!, [new Literal(1, aval('bool', [])), ...tensors], { format: text, mapped: [] });
  });
}

function printNow(format: string, tensors: readonly Tensor[]): void {
  const reads = Promise.all(tensors.map((tensor) => tensor.data()));
  printLines(
    reads.then((data) => [fillFormat(format, tensors.map(({ dtype, shape }, i) => tensorText(data[i]!, dtype, shape)))]),
  );
}
