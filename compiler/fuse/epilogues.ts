/** Elementwise chains that end in a contraction's result which nothing else reads: bias, activation, residual. */
import { Literal } from '../ir/jaxpr.ts';
import type { Atom, Var } from '../ir/jaxpr.ts';
import { sameShape } from '../shape.ts';
import type { Block, BlockProgram } from './block.ts';

/** The variables that a contraction could store in place of its own result. */
export function epiloguesOf({ block, outputs }: BlockProgram): Set<Var> {
  const found = new Set<Var>();
  const contractions = new Set<Atom>();
  const readers = new Map<Atom, number>();
  const read = (atom: Atom): unknown => readers.set(atom, (readers.get(atom) ?? 0) + 1);
  outputs.forEach(read);
  visitOperations(block, ({ inputs }) => new Set(inputs).forEach(read), read);
  visitOperations(block, ({ primitive: { lowering }, inputs, outputs: results }) => {
    if (lowering.kind === 'contract') results.forEach((result) => contractions.add(result));
    if (lowering.kind !== 'element' || lowering.view) return;
    const continues = (atom: Atom): boolean =>
      !(atom instanceof Literal) && readers.get(atom) === 1 && (contractions.has(atom) || found.has(atom));
    for (const result of results) {
      const operand = inputs.find(continues);
      if (operand !== undefined && sameShape(operand.aval.shape, result.aval.shape)) found.add(result);
    }
  }, () => undefined);
  return found;
}

type Equation = Extract<Block['nodes'][number], { kind: 'operation' }>['equation'];

/** The operations in the order of the program, and all other readers of variables. */
function visitOperations(block: Block, visit: (equation: Equation) => void, read: (atom: Atom) => void): void {
  for (const node of block.nodes) {
    if (node.kind === 'operation') visit(node.equation);
    else if (node.kind === 'loop') {
      visitOperations(node.body, visit, read);
      node.carries.forEach(({ initial, next }) => [initial, next].forEach(read));
      node.stacks.forEach(({ value }) => read(value));
    } else {
      read(node.index);
      for (const { block: inner, outputs } of node.cases) {
        visitOperations(inner, visit, read);
        outputs.forEach(read);
      }
    }
  }
}
