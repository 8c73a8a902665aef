/** cond: one of several jaxprs, picked by an int32 scalar. */
import { HeddleError } from '../../errors.ts';
import type { Builder } from '../../ir/builder.ts';
import { showAval } from '../../ir/jaxpr.ts';
import type { Atom, Aval, Jaxpr } from '../../ir/jaxpr.ts';
import { expectAtLeast, expectIndexScalar, sameType } from '../checks.ts';
import { definePrimitive } from '../primitive.ts';
import type { BatchAxis, BatchJaxpr, BatchRule, Primitive } from '../primitive.ts';
import { expectArguments, outputAvals } from './checks.ts';
import { condJvp, condTranspose, splitCond } from './cond-derivatives.ts';
import { guardEffects, hasEffects } from './guard.ts';
import { COND_SAMPLES } from './samples.ts';

type CondParams = { readonly branches: readonly Jaxpr[] };

/** The avals that all branches give; weak only where all are. */
function commonOutputs(branches: readonly Jaxpr[]): Aval[] {
  const [first, ...others] = branches.map(outputAvals);
  others.forEach((outputs, i) => expectSameOutputs(first!, outputs, i + 1));
  return first!.map((aval, i) => ({ ...aval, weak: aval.weak && others.every((outputs) => outputs[i]!.weak) }));
}

function expectSameOutputs(first: readonly Aval[], other: readonly Aval[], branch: number): void {
  const show = (avals: readonly Aval[]): string => `(${avals.map(showAval).join(', ')})`;
  if (first.length === other.length && first.every((aval, i) => sameType(aval, other[i]!))) return;
  throw new HeddleError('BRANCH', `cond: branch 0 gives ${show(first)}, branch ${branch} gives ${show(other)}`, {
    fix: 'return the same shapes and dtypes from every branch',
  });
}

/** Every row picks its own branch: all branches run, and a chain of selects keeps, of each row, the outputs of its branch; its effects too. */
function selectBranch(
  o: Builder,
  index: Atom,
  operands: readonly Atom[],
  axes: readonly BatchAxis[],
  branches: readonly Jaxpr[],
  size: number,
  batch: BatchJaxpr,
): Atom[] {
  const results = branches.map((branch, number) => {
    const inFront = branch.outputs.map(() => 0);
    if (!hasEffects(branch)) return o.inline(batch(branch, size, axes, inFront).jaxpr, operands);
    const taken = o.eq(o.clamp(o.literal(0, 'int32'), index, o.literal(branches.length - 1, 'int32')), number);
    return o.inline(batch(guardEffects(branch), size, [0, ...axes], inFront).jaxpr, [taken, ...operands]);
  });
  return results.reduce((chosen, outputs, branch) => chosen.map((before, i) => {
    const { shape } = before.aval;
    const reached = o.broadcastInDim(o.ge(index, branch), { shape, broadcastDimensions: [0] });
    return o.selectN(reached, before, outputs[i]!);
  }));
}

/** All branches have their outputs mapped in the same places. */
const batchCond: BatchRule<CondParams> = (o, [index, ...operands], [indexMapped, ...axes], { branches }, size, batch) => {
  if (typeof indexMapped === 'number') {
    const outputs = selectBranch(o, index!, operands, axes, branches, size, batch);
    return { outputs, axes: outputs.map(() => 0) };
  }
  const apart = branches.map((branch) => batch(branch, size, axes).outAxes);
  const joined = apart[0]!.map((_, i) => apart.map((outAxes) => outAxes[i]!).find((axis) => axis !== null) ?? null);
  const mapped = branches.map((branch) => batch(branch, size, axes, joined).jaxpr);
  return { outputs: o.bind(cond, [index!, ...operands], { branches: mapped }), axes: joined };
};

export const cond: Primitive = definePrimitive<CondParams>({
  name: 'cond',
  doc: 'The outputs of the branch that the first operand, an int32 scalar clamped to the branches, picks.',
  type(inputs, { branches }) {
    expectAtLeast('cond', inputs, 1);
    const [index, ...operands] = inputs;
    expectIndexScalar('cond', 'the index of the branch', index!);
    if (branches.length === 0) {
      throw new HeddleError('VALUE', 'cond: needs at least one branch', { fix: 'lax.switch(i, [f, g], x)' });
    }
    branches.forEach((branch) => expectArguments('cond', branch, operands));
    return commonOutputs(branches);
  },
  reference([index, ...operands], { branches }, evaluate) {
    const branch = Math.min(Math.max(index!.data[0]!, 0), branches.length - 1);
    return evaluate(branches[branch]!, operands);
  },
  lowering: { kind: 'control' },
  jvp: condJvp,
  transpose: condTranspose,
  split: splitCond,
  batch: batchCond,
  samples: COND_SAMPLES,
  domain: [{ low: -2, high: 4 }, { low: 0.25, high: 1 }, { low: 0.25, high: 1 }],
  tolerance: 1e-6,
});
