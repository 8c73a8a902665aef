/** Derivatives of scan, as in JAX: forward a scan of the body's derivative, in reverse a scan from the last step to the first. */
import { Builder } from '../../ir/builder.ts';
import { Jaxpr, Var } from '../../ir/jaxpr.ts';
import type { Atom, Equation } from '../../ir/jaxpr.ts';
import type { ScanParams } from '../../reference/scan.ts';
import { zeros } from '../../transforms/zeros.ts';
import { LinearOperand } from '../primitive.ts';
import type { DerivativePasses, JvpRule, Tangent, TransposeRule, TransposedJaxpr } from '../primitive.ts';
import { given, nonzero, picked, spread } from './flags.ts';
import type { Flags } from './flags.ts';
import { hasEffects } from './guard.ts';
import { grouped, spreadFlags } from './scan-carries.ts';
import { splitBody, splitScan } from './scan-split.ts';

export const scanJvp: JvpRule<ScanParams> = {
  kind: 'joint',
  duals(o, inputs, tangents, params, passes) {
    const { numConsts, numCarry } = params;
    const { consts, carries: initial, xs } = grouped(given(tangents), params);
    const { result: derived, carries } = spreadFlags(
      initial,
      (carries) => passes.jvp(params.jaxpr, [...consts, ...carries, ...xs], carries),
      ({ tangents }) => tangents,
    );
    const moving = [...consts, ...carries, ...xs];
    const [inCount, outCount] = [inputs.length, derived.tangents.length];
    const ends = [numConsts, numConsts + numCarry, inCount];
    const tangentInputs = spread(derived.jaxpr.inputs.slice(inCount), moving);
    const tangentOutputs = spread(derived.jaxpr.outputs.slice(outCount), derived.tangents);
    const jaxpr = new Jaxpr(
      [],
      besideTangents(derived.jaxpr.inputs.slice(0, inCount), tangentInputs, ends) as Var[],
      derived.jaxpr.equations,
      besideTangents(derived.jaxpr.outputs.slice(0, outCount), tangentOutputs, [numCarry, outCount]),
    );
    const started = tangents.map((tangent, i) => (moving[i]! ? (tangent ?? zeros(o, inputs[i]!.aval)) : null));
    const carriesEnd = numCarry + count(carries);
    const results = bindScan(o, besideTangents(inputs, started, ends), {
      ...params,
      jaxpr,
      numConsts: numConsts + count(consts),
      numCarry: carriesEnd,
    });
    const ysEnd = carriesEnd + outCount - numCarry;
    return {
      outputs: [...results.slice(0, numCarry), ...results.slice(carriesEnd, ysEnd)],
      tangents: spread([...results.slice(numCarry, carriesEnd), ...results.slice(ysEnd)], derived.tangents),
    };
  },
};

/** Groups of values, each followed by the tangents of the group; a group ends before the place that `ends` names. */
function besideTangents(values: readonly Atom[], tangents: readonly Tangent[], ends: readonly number[]): Atom[] {
  return ends.flatMap((end, i) => {
    const start = ends[i - 1] ?? 0;
    return [...values.slice(start, end), ...nonzero(tangents.slice(start, end))];
  });
}

export const scanTranspose: TransposeRule<ScanParams> = {
  kind: 'rule',
  cotangents(o, cotangents, inputs, params, passes) {
    const { carries } = splitBody(params, inputs.map(isLinear), passes).unknown;
    const transpose = carries.every(Boolean) ? transposeLinear : transposeUnknownPart;
    return transpose(o, cotangents, inputs, params, passes);
  },
};

type Transposition = (
  o: Builder,
  cotangents: readonly Tangent[],
  inputs: readonly (Atom | LinearOperand)[],
  params: ScanParams,
  passes: DerivativePasses,
) => readonly Tangent[];

/** Of a scan with carries that are not linear, such as a counter: a scan before it computes what depends on these. */
const transposeUnknownPart: Transposition = (o, cotangents, inputs, params, passes) => {
  const operands = inputs.map((input) => (input instanceof LinearOperand ? new Var(input.aval) : input));
  const whole = scanEquation(o, operands, params);
  const { before, after } = splitScan(whole, inputs.map(isLinear), passes);
  o.equations.push(...before);
  const pulled = new Map<Atom, Tangent>();
  for (const late of after) {
    const reaching = late.outputs.map((output) => cotangents[whole.outputs.indexOf(output)]!);
    const taken = late.inputs.map((input) => inputs[operands.indexOf(input)] ?? input);
    const results = transposeLinear(o, reaching, taken, late.params as ScanParams, passes);
    late.inputs.forEach((input, i) => pulled.set(input, results[i]!));
  }
  return operands.map((operand) => pulled.get(operand) ?? null);
};

/**
 * Of a scan with carries that are all linear. A linear const is taken for a carry that never changes: on the way back it is a
 * carry that sums what the steps contribute. Cotangents of carries are carried, those of ys are xs, and those of xs are ys.
 */
const transposeLinear: Transposition = (o, cotangents, inputs, params, passes) => {
  const { jaxpr, numCarry, reverse } = params;
  const operands = grouped(inputs, params);
  const linearConsts = operands.consts.map(isLinear);
  const linear = [...linearConsts, ...operands.carries.map(() => true), ...operands.xs.map(isLinear)];
  const fixed = picked(jaxpr.inputs.slice(0, params.numConsts), linearConsts);
  const body = new Jaxpr([], jaxpr.inputs, jaxpr.equations, [...fixed, ...jaxpr.outputs]);
  const carried = [...fixed.map(() => null), ...cotangents.slice(0, numCarry)];
  const stacked = cotangents.slice(numCarry);
  const { result, carries } = spreadFlags(
    given(carried),
    (carries) => passes.transpose(body, linear, [...carries, ...given(stacked)], carries),
    (transposed) => transposed.cotangents,
  );

  const consts = operands.consts.filter(isKnown);
  const initial = carried.map((cotangent, i) => cotangent ?? zeros(o, body.outputs[i]!.aval));
  const xs = [...operands.xs.filter(isKnown), ...nonzero(stacked)];
  const results = bindScan(o, [...consts, ...picked(initial, carries), ...xs], {
    ...params,
    jaxpr: carriesBeforeXs(result, consts.length, operands.xs.filter(isKnown).length, count(carries)),
    reverse: !reverse,
    numConsts: consts.length,
    numCarry: count(carries),
  });
  return spread(spread(results, result.cotangents), linear);
};

/** Inputs of the transposed body are known consts and xs, then cotangents of carries and ys; a scan has carries before all xs. */
function carriesBeforeXs({ jaxpr }: TransposedJaxpr, numConsts: number, numXs: number, numCarry: number): Jaxpr {
  const [xsEnd, carriesEnd] = [numConsts + numXs, numConsts + numXs + numCarry];
  const { inputs, equations, outputs } = jaxpr;
  const ordered = [
    ...inputs.slice(0, numConsts),
    ...inputs.slice(xsEnd, carriesEnd),
    ...inputs.slice(numConsts, xsEnd),
    ...inputs.slice(carriesEnd),
  ];
  return new Jaxpr([], ordered, equations, outputs);
}

function isLinear(input: Atom | LinearOperand): boolean {
  return input instanceof LinearOperand;
}

function isKnown(input: Atom | LinearOperand): input is Atom {
  return !(input instanceof LinearOperand);
}

function count(flags: Flags): number {
  return flags.filter(Boolean).length;
}

/** Appends a scan, unless it has no outputs and no effects. */
function bindScan(o: Builder, inputs: readonly Atom[], params: ScanParams): readonly Atom[] {
  if (params.jaxpr.outputs.length === 0 && !hasEffects(params.jaxpr)) return [];
  const results = o.scan(...inputs, params);
  return Array.isArray(results) ? (results as readonly Atom[]) : [results as Atom];
}

/** A scan by itself, stamped as what is being appended. */
function scanEquation({ source, path }: Builder, inputs: readonly Atom[], params: ScanParams): Equation {
  const o = new Builder();
  Object.assign(o, { source, path });
  bindScan(o, inputs, params);
  return o.equations[0]!;
}
