/** Common subexpressions: of equations with equal primitive, parameters and operands only the first is kept. */
import { literalText, paramsText } from '../ir/hash.ts';
import { Literal, showAval } from '../ir/jaxpr.ts';
import type { Atom, Equation, Jaxpr, Var } from '../ir/jaxpr.ts';
import { isEffectful } from '../primitives/control/guard.ts';
import { rewrite } from './rewrite.ts';
import type { Rule } from './rewrite.ts';

/** Primitives that give the same bits with their two operands exchanged. */
const COMMUTATIVE: ReadonlySet<string> = new Set(['add', 'mul', 'and', 'or', 'xor', 'eq', 'ne']);

export function cse(jaxpr: Jaxpr): Jaxpr {
  return rewrite(jaxpr, firstOfEach);
}

function firstOfEach(): Rule {
  const numbers = new Map<Var, number>();
  const first = new Map<string, readonly Var[]>();
  const operandKey = (atom: Atom): string => {
    if (atom instanceof Literal) return literalText(atom);
    const number = numbers.get(atom) ?? numbers.size;
    numbers.set(atom, number);
    return String(number);
  };
  const keyOf = ({ primitive, params, inputs, outputs }: Equation): string => {
    const operands = inputs.map(operandKey);
    if (COMMUTATIVE.has(primitive.name)) operands.sort();
    const results = outputs.map((output) => showAval(output.aval));
    return `${primitive.name}${paramsText(params)} ${operands.join(' ')}>${results.join(' ')}`;
  };
  return (equation) => {
    if (isEffectful(equation)) return undefined;
    const key = keyOf(equation);
    const known = first.get(key);
    if (known === undefined) first.set(key, equation.outputs);
    return known;
  };
}
