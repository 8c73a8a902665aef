/** Transposition: from a jaxpr that is linear in some of its inputs to the jaxpr that takes cotangents back through it. */
import { isFloat } from '../dtype.ts';
import { HeddleError } from '../errors.ts';
import { Builder } from '../ir/builder.ts';
import { Literal, Var } from '../ir/jaxpr.ts';
import type { Atom, Equation, Jaxpr, Params } from '../ir/jaxpr.ts';
import { LinearOperand } from '../primitives/primitive.ts';
import type { DerivativePasses, SplitEquation, Tangent, TransposeRule, TransposedJaxpr } from '../primitives/primitive.ts';
import { settle, zeros } from './zeros.ts';

/**
 * Flags have an entry per const and then per input, or per output; `wanted` has one per linear input. Inputs of the result: the
 * inputs that are not linear, then the cotangents of the flagged outputs. Outputs: the cotangents of the linear inputs that have one.
 */
export function transposeJaxpr(
  jaxpr: Jaxpr,
  linear: readonly boolean[],
  cotangents: readonly boolean[],
  wanted: readonly boolean[] | undefined,
  passes: DerivativePasses,
): TransposedJaxpr {
  const o = new Builder();
  const operands = [...jaxpr.consts, ...jaxpr.inputs].map(({ aval }, i) =>
    linear[i] === true ? new LinearOperand(aval) : new Var(aval),
  );
  const given = jaxpr.outputs.map(({ aval }, i) => (cotangents[i] === true ? new Var(aval) : null));
  const pulled = transposeInto(o, jaxpr, operands, given, passes).filter((_, i) => linear[i] === true);
  const avals = operands.flatMap((operand) => (operand instanceof LinearOperand ? [operand.aval] : []));
  const results = pulled.map((cotangent, i) => cotangent ?? (wanted?.[i] === true ? zeros(o, avals[i]!) : null));
  const inputs = [...operands.filter((operand) => operand instanceof Var), ...given.filter((cotangent) => cotangent !== null)];
  return {
    jaxpr: o.build([], inputs, results.filter((cotangent) => cotangent !== null)),
    cotangents: results.map((cotangent) => cotangent !== null),
  };
}

/** Appends the transposed jaxpr; gives a cotangent (null: zero) for each const and input, of which those of linear operands count. */
export function transposeInto(
  o: Builder,
  jaxpr: Jaxpr,
  operands: readonly (Atom | LinearOperand)[],
  cotangents: readonly Tangent[],
  passes: DerivativePasses,
): Tangent[] {
  const variables = [...jaxpr.consts, ...jaxpr.inputs];
  const values = new Map<Var, Atom | LinearOperand>(variables.map((variable, i) => [variable, operands[i]!]));
  const read = (atom: Atom): Atom | LinearOperand => (atom instanceof Literal ? atom : lookUp(values, atom));
  const linear = computeKnown(o, jaxpr.equations, values, read, passes);

  const sums = new Map<Var, Atom>();
  const accumulate = (atom: Atom, cotangent: Tangent): void => {
    if (cotangent === null || atom instanceof Literal || !(read(atom) instanceof LinearOperand)) return;
    const settled = settle(o, cotangent, atom.aval);
    const sum = sums.get(atom);
    sums.set(atom, sum === undefined ? settled : o.add(sum, settled));
  };
  jaxpr.outputs.forEach((output, i) => accumulate(output, cotangents[i] ?? null));
  for (const equation of [...linear].reverse()) {
    const { primitive, params, source, path, inputs, outputs } = equation;
    const given = outputs.map((output) => sums.get(output) ?? null);
    if (given.every((cotangent) => cotangent === null)) continue;
    if (primitive.transpose.kind === 'nonlinear') throw nonlinear(equation, primitive.transpose.reason);
    o.source = source;
    o.path = path;
    const operands = inputs.map(read);
    checkLinear(equation, operands, primitive.transpose);
    const pulled = primitive.transpose.cotangents(o, given, operands, params, passes);
    inputs.forEach((input, i) => accumulate(input, pulled[i] ?? null));
  }
  o.source = undefined;
  o.path = '';
  return variables.map((variable) => sums.get(variable) ?? null);
}

/**
 * Appends what depends on no linear operand; gives the equations that do, whose outputs are linear in turn. An equation that holds
 * both, such as a scan that carries a value and its tangent, is divided.
 */
function computeKnown(
  o: Builder,
  equations: readonly Equation[],
  values: Map<Var, Atom | LinearOperand>,
  read: (atom: Atom) => Atom | LinearOperand,
  passes: DerivativePasses,
): Equation[] {
  const compute = ({ primitive, inputs, params, source, path, outputs }: Equation): void => {
    o.source = source;
    o.path = path;
    // It reads nothing that is linear.
    const results = o.bind(primitive, inputs.map(read) as readonly Atom[], params);
    outputs.forEach((output, i) => values.set(output, results[i]!));
  };
  return equations.flatMap((equation): readonly Equation[] => {
    const flags = equation.inputs.map((input) => read(input) instanceof LinearOperand);
    if (!flags.includes(true)) {
      compute(equation);
      return [];
    }
    const parts = divided(equation, flags, passes);
    parts?.before.forEach(compute);
    const late = parts?.after ?? [equation];
    for (const { outputs } of late) for (const output of outputs) values.set(output, new LinearOperand(output.aval));
    return late;
  });
}

/** The equation in two parts, if it computes something that is not linear beside what is. */
function divided(equation: Equation, linear: readonly boolean[], passes: DerivativePasses): SplitEquation | undefined {
  const parts = equation.primitive.split?.(equation, linear, passes);
  return parts?.before.some(({ outputs }) => outputs.some((output) => equation.outputs.includes(output))) === true ? parts : undefined;
}

/** @throws NONLINEAR, which can be only where a function is said to be linear that is not. */
function checkLinear(
  equation: Equation,
  operands: readonly (Atom | LinearOperand)[],
  { linearIn, multilinear = false }: Extract<TransposeRule<Params>, { readonly kind: 'rule' }>,
): void {
  const unknown = operands.flatMap((operand, i) => (operand instanceof LinearOperand && isFloat(operand.aval.dtype) ? [i] : []));
  const wrong = unknown.find((i) => linearIn?.[i] === false);
  if (wrong !== undefined) throw nonlinear(equation, `it is not linear in operand ${wrong}`);
  if (multilinear && unknown.length > 1) throw nonlinear(equation, 'it is linear in each of its operands, and not in both together');
}

function nonlinear({ primitive, source, outputs }: Equation, reason: string): HeddleError {
  const isNumber = outputs.some(({ aval }) => isFloat(aval.dtype));
  const error = new HeddleError('NONLINEAR', `${primitive.name} cannot be transposed: ${isNumber ? reason : 'it gives no floats'}`, {
    fix: 'vjp(f, x) for a function that is not linear',
  });
  return source === undefined ? error : error.at(`${source.file}:${source.line}:${source.column}`);
}

function lookUp(values: ReadonlyMap<Var, Atom | LinearOperand>, variable: Var): Atom | LinearOperand {
  const value = values.get(variable);
  if (value === undefined) throw new HeddleError('INTERNAL', 'transpose: an equation reads a variable that nothing defined');
  return value;
}
