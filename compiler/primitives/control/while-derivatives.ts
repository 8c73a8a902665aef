/** Derivatives of while, as in JAX: forward ones only, because the number of iterations is not known beforehand. */
import { HeddleError } from '../../errors.ts';
import { Builder } from '../../ir/builder.ts';
import { Jaxpr, Var } from '../../ir/jaxpr.ts';
import type { Atom, Equation } from '../../ir/jaxpr.ts';
import { whileOperands } from '../../reference/while.ts';
import type { WhileParams } from '../../reference/while.ts';
import type { DerivativePasses, JvpJaxpr, JvpRule, SplitJaxpr, SplitRule, Tangent, TransposeRule } from '../primitive.ts';
import { given, nonzero, picked, spread, unpicked } from './flags.ts';
import type { Flags } from './flags.ts';

/** The body's derivative. A carry has a tangent when its initial value has one, or when the body makes it so. */
function differentiateBody(
  body: Jaxpr,
  consts: Flags,
  initials: Flags,
  passes: DerivativePasses,
): { readonly body: JvpJaxpr; readonly carries: Flags } {
  let carries = initials;
  for (;;) {
    const derived = passes.jvp(body, [...consts, ...carries], carries);
    const grown = carries.map((flag, i) => flag || derived.tangents[i]!);
    if (grown.every((flag, i) => flag === carries[i])) return { body: derived, carries };
    carries = grown;
  }
}

/** One loop carries the values and their tangents; its condition sees the values. */
export const jvpWhile: JvpRule<WhileParams> = {
  kind: 'joint',
  duals(o, inputs, tangents, params, passes) {
    const { condJaxpr, bodyJaxpr } = params;
    const [condInputs, bodyInputs, initials] = whileOperands(inputs, params);
    const [, bodyTangents, initialTangents] = whileOperands(tangents, params);
    const { body, carries } = differentiateBody(bodyJaxpr, given(bodyTangents), given(initialTangents), passes);
    if (!carries.includes(true)) {
      const outputs = bindWhile(o, inputs, params);
      return { outputs, tangents: outputs.map(() => null) };
    }
    const moving = picked(initials, carries).map(({ aval }) => aval);
    const initial = picked(initialTangents, carries).map((tangent, i) => tangent ?? o.full(0, moving[i]!));
    const bodyConsts = [...bodyInputs, ...nonzero(bodyTangents)];
    const results = bindWhile(o, [...condInputs, ...bodyConsts, ...initials, ...initial], {
      ...params,
      condJaxpr: ignoringLast(condJaxpr, moving.map((aval) => new Var(aval))),
      bodyJaxpr: inOrder(body.jaxpr, bodyInputs.length, initials.length, nonzero(bodyTangents).length),
      bodyConsts: bodyConsts.length,
    });
    return { outputs: results.slice(0, initials.length), tangents: spread(results.slice(initials.length), carries) };
  },
};

/** The jaxpr with further inputs that it does not read. */
function ignoringLast({ inputs, equations, outputs }: Jaxpr, ignored: readonly Var[]): Jaxpr {
  return new Jaxpr([], [...inputs, ...ignored], equations, outputs);
}

/** A derivative takes values, then tangents; the body of a loop takes consts, then carries. */
function inOrder({ inputs, equations, outputs }: Jaxpr, consts: number, carries: number, constTangents: number): Jaxpr {
  const [values, tangents] = [inputs.slice(0, consts + carries), inputs.slice(consts + carries)];
  const givenConsts = [...values.slice(0, consts), ...tangents.slice(0, constTangents)];
  return new Jaxpr([], [...givenConsts, ...values.slice(consts), ...tangents.slice(constTangents)], equations, outputs);
}

/**
 * As in JAX: when the condition depends on nothing unknown, a loop of what is known computes the known results, and the whole
 * loop runs once more for the others. Nothing of the first is kept for the second, since the number of iterations is not known.
 */
export const splitWhile: SplitRule = (equation, unknown, passes) => {
  const params = equation.params as WhileParams;
  const [condUnknown, bodyUnknown, initialUnknown] = whileOperands(unknown, params);
  const { body, carries } = splitBody(params.bodyJaxpr, bodyUnknown, initialUnknown, passes);
  const condition = passes.split(params.condJaxpr, [...condUnknown, ...carries]);
  if (condition.outputs[0] === true || !carries.includes(false)) return { before: [], after: [equation] };

  const [condInputs, bodyInputs, initials] = whileOperands(equation.inputs, params);
  const knownBody = unpicked(bodyInputs, bodyUnknown);
  const before: Equation = {
    ...equation,
    inputs: [...unpicked(condInputs, condUnknown), ...knownBody, ...unpicked(initials, carries)],
    params: {
      ...params,
      condJaxpr: knownPart(condition),
      bodyJaxpr: knownPart(body),
      condConsts: unpicked(condInputs, condUnknown).length,
      bodyConsts: knownBody.length,
    },
    outputs: unpicked(equation.outputs, carries),
  };
  const outputs = equation.outputs.map((output, i) => (carries[i]! ? output : new Var(output.aval)));
  return { before: [before], after: carries.includes(true) ? [{ ...equation, outputs }] : [] };
};

/** The body divided, with a carry unknown when its initial value is or when the body makes it so. */
function splitBody(
  body: Jaxpr,
  consts: Flags,
  initials: Flags,
  passes: DerivativePasses,
): { readonly body: SplitJaxpr; readonly carries: Flags } {
  let carries = initials;
  for (;;) {
    const parts = passes.split(body, [...consts, ...carries], carries);
    const grown = carries.map((flag, i) => flag || parts.outputs[i]!);
    if (grown.every((flag, i) => flag === carries[i])) return { body: parts, carries };
    carries = grown;
  }
}

/** The known part without residuals, in variables of its own. */
function knownPart({ known, residuals }: SplitJaxpr): Jaxpr {
  const o = new Builder();
  const inputs = known.inputs.map(({ aval }) => new Var(aval));
  return o.build([], inputs, o.inline(known, inputs).slice(0, known.outputs.length - residuals.length));
}

export const transposeWhile: TransposeRule<WhileParams> = {
  kind: 'rule',
  cotangents({ source }): readonly Tangent[] {
    const problem = 'while: reverse-mode differentiation needs a number of iterations that is known beforehand';
    throw new HeddleError('DERIVATIVE', `${problem}: use lax.foriLoop with static bounds, or lax.scan`, {
      fix: 'lax.foriLoop(0, 10, (i, x) => body(x), init)',
    }).at(source && `${source.file}:${source.line}:${source.column}`);
  },
};

function bindWhile(o: Builder, inputs: readonly Atom[], params: WhileParams): readonly Atom[] {
  const results = o.while(...inputs, params);
  return Array.isArray(results) ? (results as readonly Atom[]) : [results as Atom];
}
