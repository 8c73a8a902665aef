/**
 * Partial evaluation of scan, as in JAX: a scan of what is known, which also gives what is needed later, and a scan of the rest.
 * A value needed later is a residual. It is stacked over the steps only if it must be: one that depends on consts alone is
 * computed once, a slice of an xs is read again, and one that is among the ys is stacked already.
 */
import { Jaxpr, Var } from '../../ir/jaxpr.ts';
import type { Atom, Equation } from '../../ir/jaxpr.ts';
import type { ScanParams } from '../../reference/scan.ts';
import { needed } from '../../transforms/split.ts';
import type { DerivativePasses, SplitJaxpr, SplitRule } from '../primitive.ts';
import { picked, unpicked } from './flags.ts';
import type { Flags } from './flags.ts';
import { hasEffects } from './guard.ts';
import { grouped, spreadFlags, stackedAval } from './scan-carries.ts';
import type { Groups } from './scan-carries.ts';
import { varyingValues, withFewerResiduals } from './scan-residuals.ts';

/** The body divided, and which operands are unknown. */
export function splitBody(
  params: ScanParams,
  unknown: Flags,
  passes: DerivativePasses,
): { readonly body: SplitJaxpr; readonly unknown: Groups<boolean> } {
  const { consts, carries: initial, xs } = grouped(unknown, params);
  const { result, carries } = spreadFlags(
    initial,
    (carries) => passes.split(params.jaxpr, [...consts, ...carries, ...xs], carries),
    ({ outputs }) => outputs,
  );
  return { body: result, unknown: { consts, carries, xs } };
}

export const splitScan: SplitRule = (equation, given, passes) => {
  const params = equation.params as ScanParams;
  const { body: whole, unknown } = splitBody(params, given, passes);
  const operands = grouped(equation.inputs, params);
  const known = mapGroups(operands, unknown, unpicked);
  const late = mapGroups(operands, unknown, picked);
  const knownInner = grouped(whole.known.inputs, countsOf(known));
  const outputs = whole.known.outputs.slice(0, whole.known.outputs.length - whole.residuals.length);
  const body = withFewerResiduals(whole, knownInner, outputs.slice(known.carries.length));

  const results = unpicked(equation.outputs, body.outputs);
  const { equations, outer } = computeInvariants(body, knownInner, known.consts);
  const residuals = body.residuals.map((variable, i): Residual => {
    const residual = { variable, later: body.unknown.inputs[i]! };
    const invariant = outer.get(variable);
    if (invariant !== undefined) return { ...residual, outer: invariant, kind: 'invariant' };
    const slice = knownInner.xs.indexOf(variable);
    if (slice >= 0) return { ...residual, outer: known.xs[slice]!, kind: 'slice' };
    const y = outputs.indexOf(variable, known.carries.length);
    if (y >= 0) return { ...residual, outer: results[y]!, kind: 'slice' };
    return { ...residual, outer: new Var(stackedAval(variable.aval, params.length)), kind: 'stacked' };
  });

  const stacked = residuals.filter(({ kind }) => kind === 'stacked');
  const knownOutputs = [...outputs, ...stacked.map(({ variable }) => variable)];
  const knownBody = new Jaxpr([], body.known.inputs, needed(body.known.equations, knownOutputs, true).live, knownOutputs);
  const before = scanOf(equation, known, knownBody, [...results, ...stacked.map(({ outer }) => outer as Var)]);
  return { before: [...equations, ...before], after: lateScan(equation, late, body, residuals) };
};

interface Residual {
  /** As the known part of the body knows it, and as the unknown part does. */
  readonly variable: Var;
  readonly later: Var;
  /** The const or the xs of the scan of the unknown part. */
  readonly outer: Atom;
  readonly kind: 'invariant' | 'slice' | 'stacked';
}

function mapGroups(
  { consts, carries, xs }: Groups<Atom>,
  unknown: Groups<boolean>,
  choose: (items: readonly Atom[], flags: Flags) => Atom[],
): Groups<Atom> {
  return { consts: choose(consts, unknown.consts), carries: choose(carries, unknown.carries), xs: choose(xs, unknown.xs) };
}

function countsOf({ consts, carries }: Groups<unknown>): { numConsts: number; numCarry: number } {
  return { numConsts: consts.length, numCarry: carries.length };
}

/** The residuals that are the same in every step, and the equations that compute them outside. */
function computeInvariants(
  { known, residuals }: SplitJaxpr,
  inner: Groups<Var>,
  consts: readonly Atom[],
): { readonly equations: readonly Equation[]; readonly outer: ReadonlyMap<Var, Atom> } {
  const varying = varyingValues(known.equations, inner);
  const outer = new Map<Var, Atom>(inner.consts.map((variable, i) => [variable, consts[i]!]));
  const { live } = needed(known.equations, residuals.filter((residual) => !varying.has(residual)));
  const equations = live.map((equation): Equation => {
    const inputs = equation.inputs.map((input) => (input instanceof Var ? outer.get(input)! : input));
    const outputs = equation.outputs.map(({ aval }) => new Var(aval));
    equation.outputs.forEach((output, i) => outer.set(output, outputs[i]!));
    return { ...equation, inputs, outputs };
  });
  return { equations, outer };
}

function lateScan(
  equation: Equation,
  operands: Groups<Atom>,
  { unknown, outputs }: SplitJaxpr,
  residuals: readonly Residual[],
): Equation[] {
  const late = grouped(unknown.inputs.slice(residuals.length), countsOf(operands));
  const invariants = residuals.filter(({ kind }) => kind === 'invariant');
  const slices = residuals.filter(({ kind }) => kind !== 'invariant');
  const later = ({ later }: Residual): Var => later;
  const outer = ({ outer }: Residual): Atom => outer;
  const inputs = [...invariants.map(later), ...late.consts, ...late.carries, ...late.xs, ...slices.map(later)];
  const taken = {
    consts: [...invariants.map(outer), ...operands.consts],
    carries: operands.carries,
    xs: [...operands.xs, ...slices.map(outer)],
  };
  const body = new Jaxpr([], inputs, unknown.equations, unknown.outputs);
  return scanOf(equation, taken, body, picked(equation.outputs, outputs));
}

/** The scan of another body, over as many steps; none if it has no outputs and no effects. */
function scanOf(equation: Equation, operands: Groups<Atom>, jaxpr: Jaxpr, outputs: readonly Var[]): Equation[] {
  if (outputs.length === 0 && !hasEffects(jaxpr)) return [];
  const { consts, carries, xs } = operands;
  const params = { ...equation.params, jaxpr, ...countsOf(operands) };
  return [{ ...equation, inputs: [...consts, ...carries, ...xs], params, outputs }];
}
