/** Parentheses: which WGSL texts can stand as operands as they are. */

type Rank = 'primary' | 'product' | 'sum' | 'other';

/** The text, in parentheses unless it is a name, a literal, a call or an indexed name. */
export function asOperand(text: string): string {
  return rankOf(text) === 'primary' ? text : `(${text})`;
}

/** The text as an operand of `*`, `/` or `%` on the left, or of `+` and `-`. */
export function asFactor(text: string): string {
  const rank = rankOf(text);
  return rank === 'primary' || rank === 'product' ? text : `(${text})`;
}

/** The text as the left operand of `+` or `-`. */
export function asSummand(text: string): string {
  return rankOf(text) === 'other' ? `(${text})` : text;
}

/** The sum of two texts that are names, literals or products. */
export function sumText(a: string, b: string): string {
  return a === '0u' ? b : b === '0u' ? a : `${a} + ${b}`;
}

/** Looks at the operators outside of all brackets; binary operators are always written between spaces. */
function rankOf(text: string): Rank {
  if (!/^[\w(]/.test(text)) return 'other';
  const outside = withoutBrackets(text);
  const operators = outside.split(' ').filter((_, position) => position % 2 === 1);
  if (operators.length === 0) return 'primary';
  if (operators.every((operator) => '*/%'.includes(operator))) return 'product';
  return operators.every((operator) => '*/%+-'.includes(operator)) ? 'sum' : 'other';
}

function withoutBrackets(text: string): string {
  let depth = 0;
  let outside = '';
  for (const character of text) {
    if (character === '(' || character === '[') depth++;
    if (depth === 0) outside += character;
    if (character === ')' || character === ']') depth--;
  }
  return outside;
}
