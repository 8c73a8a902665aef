/** The subscripts of einsum, as one list of labels for each operand and one for the output. */
import { showShape } from '../../compiler/shape.ts';
import type { Shape } from '../../compiler/shape.ts';
import { fail } from './operands.ts';

export interface Subscripts {
  /** A label is a letter, or `.1`, `.2` ... for an axis of an ellipsis, counted from its end. */
  readonly inputs: readonly (readonly string[])[];
  readonly output: readonly string[];
}

const EXAMPLE = "np.einsum('bij,jk->bik', x, y)";

/** @throws VALUE when the text does not parse, SHAPE when the ranks do not fit. */
export function parseSubscripts(text: string, shapes: readonly Shape[]): Subscripts {
  const compact = text.replaceAll(' ', '');
  const match = /^((?:[A-Za-z]|\.\.\.|,)*)(?:->((?:[A-Za-z]|\.\.\.)*))?$/.exec(compact);
  if (match === null) return fail('VALUE', `np.einsum: '${text}' does not parse: letters, commas, '...' and one '->'`, EXAMPLE);
  const [, left = '', right] = match;
  const terms = left.split(',');
  if (terms.length !== shapes.length) {
    fail('VALUE', `np.einsum: '${text}' is for ${terms.length} operands, and there are ${shapes.length}`, withOperands(compact));
  }
  const inputs = terms.map((term, i) => labelsOf(text, term, shapes[i] ?? []));
  return { inputs, output: outputLabels(text, right, inputs.flat()) };
}

function labelsOf(text: string, term: string, shape: Shape): string[] {
  const [before = '', after, ...more] = term.split('...');
  const hidden = shape.length - before.length - (after ?? '').length;
  if (more.length > 0 || hidden < 0 || (after === undefined && hidden !== 0)) {
    fail('SHAPE', `np.einsum: '${term}' of '${text}' does not name the axes of an operand of shape ${showShape(shape)}`, withOperands(text));
  }
  return [...before, ...ellipsis(hidden), ...(after ?? '')];
}

function outputLabels(text: string, right: string | undefined, all: readonly string[]): string[] {
  const hidden = ellipsis(Math.max(0, ...all.filter((label) => label.startsWith('.')).map((label) => Number(label.slice(1)))));
  if (right === undefined) {
    const letters = [...new Set(all)].filter((label) => !label.startsWith('.')).sort();
    return [...hidden, ...letters.filter((label) => all.indexOf(label) === all.lastIndexOf(label))];
  }
  const labels = right.split(/(\.\.\.)/).flatMap((part) => (part === '...' ? hidden : [...part]));
  const odd = labels.find((label, i) => !all.includes(label) || labels.indexOf(label) !== i);
  if (odd !== undefined) {
    const possible = [...right].filter((label, i) => label === '.' || (all.includes(label) && right.indexOf(label) === i)).join('');
    const problem = `np.einsum: the output of '${text}' has ${odd} twice, or no operand has it`;
    fail('VALUE', problem, `np.einsum('${text.replace(/->.*/, '')}->${possible}', ...)`);
  }
  return labels;
}

/** The subscripts with operands that have their ranks. */
function withOperands(text: string): string {
  const terms = text.replaceAll(' ', '').replace(/->.*/, '').split(',');
  const operands = terms.map((term) => `np.ones(${showShape([...term.replace('...', '')].map(() => 2))})`);
  return `np.einsum('${text}', ${operands.join(', ')})`;
}

function ellipsis(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `.${count - i}`);
}
