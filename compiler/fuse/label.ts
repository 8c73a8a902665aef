/** Names for kernels, and the lines of the user's program that they come from. */
import type { Equation, Source } from '../ir/jaxpr.ts';

const LONGEST = 40;

/** The operations in order, without views: `add_tanh`. */
export function labelOf(equations: Iterable<Equation>, loads: boolean): string {
  const names: string[] = [];
  for (const { primitive } of equations) {
    const isView = primitive.lowering.kind === 'element' && primitive.lowering.view;
    if (!isView && names.at(-1) !== primitive.name) names.push(primitive.name);
  }
  if (names.length === 0) return loads ? 'copy' : 'fill';
  let label = names[0]!;
  for (const [i, name] of names.entries()) {
    if (i === 0) continue;
    if (label.length + name.length >= LONGEST) return `${label}_and_${names.length - i}_more`;
    label += `_${name}`;
  }
  return label;
}

export function sourcesOf(equations: Iterable<Equation>): Source[] {
  const found = new Map<string, Source>();
  for (const { source } of equations) {
    if (source !== undefined) found.set(`${source.file}:${source.line}:${source.column}`, source);
  }
  return [...found.values()];
}
