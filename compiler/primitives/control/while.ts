/** while: a jaxpr applied to its own results as long as another one holds. */
import { HeddleError } from '../../errors.ts';
import { Builder } from '../../ir/builder.ts';
import { showAval } from '../../ir/jaxpr.ts';
import type { Atom, Aval, Jaxpr } from '../../ir/jaxpr.ts';
import { runWhile, whileOperands } from '../../reference/while.ts';
import type { WhileParams } from '../../reference/while.ts';
import { mappedAt } from '../batching.ts';
import { definePrimitive } from '../primitive.ts';
import type { BatchAxis, BatchJaxpr, BatchRule, Primitive } from '../primitive.ts';
import { expectArguments, expectCarriesKept, outputAvals } from './checks.ts';
import { jvpWhile, splitWhile, transposeWhile } from './while-derivatives.ts';
import { WHILE_SAMPLES } from './while-samples.ts';

function expectPredicate(outputs: readonly Aval[]): void {
  const [predicate] = outputs;
  if (outputs.length === 1 && predicate!.dtype === 'bool' && predicate!.shape.length === 0) return;
  throw new HeddleError('DTYPE', `while: its condition gives (${outputs.map(showAval).join(', ')}), not one bool[]`, {
    fix: 'lax.whileLoop((x) => np.all(x.lt(1)), body, init)',
  });
}

/** The carries that are mapped: those that come mapped, and those that the body makes so. */
function mappedCarries(
  body: Jaxpr,
  size: number,
  consts: readonly BatchAxis[],
  initial: readonly BatchAxis[],
  batch: BatchJaxpr,
): boolean[] {
  let carried = initial.map((axis) => axis !== null);
  for (;;) {
    const inFront = carried.map((mapped) => (mapped ? 0 : null));
    const { outAxes } = batch(body, size, [...consts, ...inFront], carried.map((mapped) => (mapped ? 0 : undefined)));
    const grown = carried.map((mapped, i) => mapped || outAxes[i] !== null);
    if (grown.every((mapped, i) => mapped === carried[i])) return carried;
    carried = grown;
  }
}

/**
 * As in JAX. When the condition depends on nothing mapped there is one loop for all lanes. Else all carries are mapped, the loop
 * runs while any lane's condition holds, and a lane whose condition does not hold keeps its carries.
 */
const batchWhile: BatchRule<WhileParams> = (o, inputs, axes, params, size, batch) => {
  const { condJaxpr, bodyJaxpr } = params;
  const [condInputs, bodyInputs, initials] = whileOperands(inputs, params);
  const [condAxes, bodyAxes, initialAxes] = whileOperands(axes, params);
  const carried = mappedCarries(bodyJaxpr, size, bodyAxes, initialAxes, batch);
  const carryAxes = carried.map((mapped): BatchAxis => (mapped ? 0 : null));
  const inFront = (mapped: boolean, i: number): Atom => {
    return mapped ? mappedAt(o, initials[i]!, initialAxes[i]!, size, 0) : initials[i]!;
  };
  const condition = batch(condJaxpr, size, [...condAxes, ...carryAxes]);
  if (condition.outAxes[0] === null) {
    const body = batch(bodyJaxpr, size, [...bodyAxes, ...carryAxes], carryAxes);
    const mapped = { ...params, condJaxpr: condition.jaxpr, bodyJaxpr: body.jaxpr };
    return { outputs: o.bind(whileLoop, [...condInputs, ...bodyInputs, ...carried.map(inFront)], mapped), axes: carryAxes };
  }
  const allInFront = carried.map(() => 0);
  const each = batch(condJaxpr, size, [...condAxes, ...allInFront], [0]).jaxpr;
  const body = batch(bodyJaxpr, size, [...bodyAxes, ...allInFront], allInFront).jaxpr;
  const mapped = {
    ...params,
    condJaxpr: anyLane(each),
    bodyJaxpr: laneByLane(each, body, params),
    bodyConsts: params.condConsts + params.bodyConsts,
  };
  const carries = carried.map((_, i) => inFront(true, i));
  return { outputs: o.bind(whileLoop, [...condInputs, ...condInputs, ...bodyInputs, ...carries], mapped), axes: allInFront };
};

/** Whether the condition holds in any lane. */
function anyLane(each: Jaxpr): Jaxpr {
  const o = new Builder();
  const inputs = each.inputs.map(({ aval }) => o.newVar(aval));
  const [lanes] = o.inline(each, inputs);
  return o.build([], inputs, [o.reduceOr(lanes!, { axes: [0] })]);
}

/** The body for the lanes in which the condition holds; takes the consts of both. */
function laneByLane(each: Jaxpr, body: Jaxpr, { condConsts, bodyConsts }: WhileParams): Jaxpr {
  const o = new Builder();
  const condInputs = each.inputs.slice(0, condConsts).map(({ aval }) => o.newVar(aval));
  const bodyInputs = body.inputs.slice(0, bodyConsts).map(({ aval }) => o.newVar(aval));
  const carries = body.inputs.slice(bodyConsts).map(({ aval }) => o.newVar(aval));
  const [lanes] = o.inline(each, [...condInputs, ...carries]);
  const next = o.inline(body, [...bodyInputs, ...carries]).map((value, i) => {
    const { shape } = value.aval;
    const moves = o.broadcastInDim(lanes!, { shape, broadcastDimensions: [0] });
    return o.selectN(moves, carries[i]!, value);
  });
  return o.build([], [...condInputs, ...bodyInputs, ...carries], next);
}

export const whileLoop: Primitive = definePrimitive<WhileParams>({
  name: 'while',
  doc: 'Operands are consts of the condition, consts of the body, carries; the body runs while the condition holds.',
  type(inputs, params) {
    const { condJaxpr, bodyJaxpr, condConsts, bodyConsts, maxIterations } = params;
    const isBound = maxIterations === null || (Number.isInteger(maxIterations) && maxIterations >= 0);
    if (condConsts + bodyConsts > inputs.length || !isBound) {
      const problem = `${condConsts} and ${bodyConsts} consts of ${inputs.length} operands, at most ${maxIterations} iterations`;
      throw new HeddleError('IR_TYPE', `while: ${problem}`);
    }
    const [condition, body, carries] = whileOperands(inputs, params);
    expectArguments('while', condJaxpr, [...condition, ...carries]);
    expectPredicate(outputAvals(condJaxpr));
    expectArguments('while', bodyJaxpr, [...body, ...carries]);
    expectCarriesKept('while', carries, outputAvals(bodyJaxpr));
    return outputAvals(bodyJaxpr);
  },
  reference: (inputs, params, evaluate) => runWhile(inputs, params, evaluate),
  lowering: { kind: 'control' },
  jvp: jvpWhile,
  split: splitWhile,
  transpose: transposeWhile,
  batch: batchWhile,
  samples: WHILE_SAMPLES,
  domain: [{ low: 0, high: 4 }, { low: 0.25, high: 1 }, { low: 0, high: 3 }, { low: 0.25, high: 1 }],
  tolerance: 1e-5,
});
