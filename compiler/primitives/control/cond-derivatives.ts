/** Derivatives of cond: those of its branches, brought to a common form. */
import { Builder } from '../../ir/builder.ts';
import { Jaxpr, Var, sameAval } from '../../ir/jaxpr.ts';
import type { Atom, Aval, Equation } from '../../ir/jaxpr.ts';
import { LinearOperand } from '../primitive.ts';
import type { Duals, JvpRule, SplitJaxpr, SplitRule, TransposeRule } from '../primitive.ts';
import { anyOf, given, nonzero, picked, spread, unpicked } from './flags.ts';
import { hasEffects, isEffectful } from './guard.ts';

type CondParams = { readonly branches: readonly Jaxpr[] };

/** Every branch gives a tangent where any of them does. */
export const condJvp: JvpRule<CondParams> = {
  kind: 'joint',
  duals(o, [index, ...operands], [, ...tangents], { branches }, passes): Duals {
    const flags = given(tangents);
    const wanted = anyOf(branches.map((branch) => passes.jvp(branch, flags).tangents));
    const derived = branches.map((branch) => passes.jvp(branch, flags, wanted).jaxpr);
    const results = bindCond(o, [index!, ...operands, ...nonzero(tangents)], derived);
    const count = wanted.length;
    return { outputs: results.slice(0, count), tangents: spread(results.slice(count), wanted) };
  },
};

/** Every branch gives cotangents for the operands for which any does. */
export const condTranspose: TransposeRule<CondParams> = {
  kind: 'rule',
  cotangents(o, cotangents, [index, ...operands], { branches }, passes) {
    const linear = operands.map((operand) => operand instanceof LinearOperand);
    const flags = given(cotangents);
    const wanted = anyOf(branches.map((branch) => passes.transpose(branch, linear, flags).cotangents));
    const transposed = branches.map((branch) => passes.transpose(branch, linear, flags, wanted).jaxpr);
    const known = operands.filter((operand) => !(operand instanceof LinearOperand));
    const results = bindCond(o, [index as Atom, ...known, ...nonzero(cotangents)], transposed);
    return [null, ...spread(spread(results, wanted), linear)];
  },
};

/**
 * A cond before, which also gives what the branches need later, and a cond after. Residuals of different branches share a place where
 * their types allow, since only one branch runs; a residual that is an operand of the cond is not computed at all.
 */
export const splitCond: SplitRule = (equation, [indexUnknown, ...unknown], passes) => {
  if (indexUnknown === true) return { before: [], after: [equation] };
  const branches = equation.params['branches'] as readonly Jaxpr[];
  const wanted = anyOf(branches.map((branch) => passes.split(branch, unknown).outputs));
  const parts = branches.map((branch) => passes.split(branch, unknown, wanted));
  const [index, ...operands] = equation.inputs as [Atom, ...Atom[]];
  const knownOperands = unpicked(operands, unknown);

  const places = sharePlaces(parts);
  const slots = places.types.map((aval) => new Var(aval));
  const before: Equation = {
    ...equation,
    inputs: [index, ...knownOperands],
    params: { branches: parts.map((part, i) => withResiduals(part, places.of[i]!, places.types)) },
    outputs: [...unpicked(equation.outputs, wanted), ...slots],
  };
  const after: Equation = {
    ...equation,
    inputs: [index, ...slots, ...knownOperands, ...picked(operands, unknown)],
    params: { branches: parts.map((part, i) => takingResiduals(part, places.of[i]!, places.types)) },
    outputs: picked(equation.outputs, wanted),
  };
  const isIdle = ({ outputs }: Equation): boolean => outputs.length === 0;
  return { before: isIdle(before) && !isEffectful(before) ? [] : [before], after: isIdle(after) ? [] : [after] };
};

interface Places {
  readonly types: readonly Aval[];
  /** Per branch and residual: its place, or the operand that it is. */
  readonly of: readonly (readonly Place[])[];
}

type Place = { readonly slot: number } | { readonly operand: number };

function sharePlaces(parts: readonly SplitJaxpr[]): Places {
  const types: Aval[] = [];
  const of = parts.map(({ known, residuals }) => {
    const taken = new Set<number>();
    return residuals.map((residual): Place => {
      const operand = known.inputs.indexOf(residual);
      if (operand >= 0) return { operand };
      let slot = types.findIndex((type, i) => !taken.has(i) && sameAval(type, residual.aval));
      if (slot < 0) slot = types.push(residual.aval) - 1;
      taken.add(slot);
      return { slot };
    });
  });
  return { types, of };
}

/** The known part, with its residuals in their places and zeros in the places of the others. */
function withResiduals({ known, residuals }: SplitJaxpr, places: readonly Place[], types: readonly Aval[]): Jaxpr {
  const o = new Builder();
  o.equations.push(...known.equations);
  const slots = types.map((aval, i) => {
    const own = places.findIndex((place) => 'slot' in place && place.slot === i);
    return own >= 0 ? residuals[own]! : o.full(0, aval);
  });
  const outputs = known.outputs.slice(0, known.outputs.length - residuals.length);
  return new Jaxpr([], known.inputs, o.equations, [...outputs, ...slots]);
}

/** The unknown part, of all places, the known operands, and the unknown ones. */
function takingResiduals({ known, unknown, residuals }: SplitJaxpr, places: readonly Place[], types: readonly Aval[]): Jaxpr {
  const o = new Builder();
  const slots = types.map((aval) => new Var(aval));
  const operands = known.inputs.map(({ aval }) => new Var(aval));
  const late = unknown.inputs.slice(residuals.length).map(({ aval }) => new Var(aval));
  const found = places.map((place) => ('slot' in place ? slots[place.slot]! : operands[place.operand]!));
  return o.build([], [...slots, ...operands, ...late], o.inline(unknown, [...found, ...late]));
}

function bindCond(o: Builder, inputs: readonly Atom[], branches: readonly Jaxpr[]): readonly Atom[] {
  if (branches[0]!.outputs.length === 0 && !branches.some(hasEffects)) return [];
  const [index, ...operands] = inputs as [Atom, ...Atom[]];
  const results = o.cond(index, ...operands, { branches });
  return Array.isArray(results) ? (results as readonly Atom[]) : [results as Atom];
}
