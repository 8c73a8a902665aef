/** Names for kernels, and the lines of the user's program that they come from. */
import type { Equation, Source } from '../ir/jaxpr.ts';

const LONGEST = 40;

/** The different operations of a kernel in order, without views: `add_tanh`, `reduce_max_sub_exp_reduce_sum_div`. */
export function labelOf(equations: Iterable<Equation>, loads: boolean): string {
  const names = new Set<string>();
  for (const { primitive } of equations) {
    const isView = primitive.lowering.kind === 'element' && primitive.lowering.view;
    if (!isView) names.add(primitive.name);
  }
  if (names.size === 0) return loads ? 'copy' : 'fill';
  let label = '';
  let rest = names.size;
  for (const name of names) {
    if (label.length + name.length >= LONGEST) return `${label}_and_${rest}_more`;
    label = label === '' ? name : `${label}_${name}`;
    rest--;
  }
  return label;
}

/** The lines that the equations were written on, each once. */
export function sourcesOf(equations: Iterable<Equation>): Source[] {
  const found = new Map<string, Source>();
  for (const { source } of equations) {
    if (source !== undefined) found.set(`${source.file}:${source.line}:${source.column}`, source);
  }
  return [...found.values()];
}
