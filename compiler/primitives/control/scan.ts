/** scan: a jaxpr applied along the leading axis of its xs, carrying values from step to step. */
import { HeddleError } from '../../errors.ts';
import { showAval } from '../../ir/jaxpr.ts';
import type { Aval } from '../../ir/jaxpr.ts';
import { runScan } from '../../reference/scan.ts';
import type { ScanParams } from '../../reference/scan.ts';
import { mappedAt, moveAxis } from '../batching.ts';
import { definePrimitive } from '../primitive.ts';
import type { BatchAxis, BatchRule, Primitive } from '../primitive.ts';
import { expectArguments, expectCarriesKept, outputAvals } from './checks.ts';
import { SCAN_SAMPLES } from './samples.ts';
import { stackedAval } from './scan-carries.ts';
import { scanJvp, scanTranspose } from './scan-derivatives.ts';
import { splitScan } from './scan-split.ts';

/** What one step of the body sees of the operands: consts and carries whole, slices of the xs. */
function operandsOfStep(inputs: readonly Aval[], { length, numConsts, numCarry }: ScanParams): Aval[] {
  return inputs.map((input, i) => {
    if (i < numConsts + numCarry) return input;
    const [extent, ...shape] = input.shape;
    if (extent === length) return { ...input, shape };
    const problem = `xs ${i - numConsts - numCarry} is ${showAval(input)}, its leading axis must be the length ${length}`;
    throw new HeddleError('SHAPE', `scan: ${problem}`, { fix: 'lax.scan(f, init, xs) with xs of one leading extent' });
  });
}

/**
 * As in JAX: a carry is mapped when its initial value is or when the body makes it so, which is found by iterating. Mapped
 * carries have their axis in front; an xs keeps the scanned axis in front.
 */
const batchScan: BatchRule<ScanParams> = (o, inputs, axes, params, size, batch) => {
  const { jaxpr, numConsts, numCarry } = params;
  const isCarry = (i: number): boolean => i >= numConsts && i < numConsts + numCarry;
  const stepAxes = (carried: readonly boolean[]): BatchAxis[] =>
    axes.map((axis, i) => {
      if (isCarry(i)) return carried[i - numConsts]! ? 0 : null;
      return axis === null || i < numConsts ? axis : Math.max(axis - 1, 0);
    });
  let carried: readonly boolean[] = axes.slice(numConsts, numConsts + numCarry).map((axis) => axis !== null);
  let step = batch(jaxpr, size, stepAxes(carried), carriesInFront(carried));
  for (let grown = grow(carried, step.outAxes); grown !== carried; grown = grow(carried, step.outAxes)) {
    carried = grown;
    step = batch(jaxpr, size, stepAxes(carried), carriesInFront(carried));
  }
  const operands = inputs.map((input, i) => {
    if (isCarry(i)) return carried[i - numConsts]! ? mappedAt(o, input, axes[i]!, size, 0) : input;
    return i >= numConsts && axes[i] === 0 ? moveAxis(o, input, 0, 1) : input;
  });
  const outAxes = step.outAxes.map((axis, i) => (axis === null || i < numCarry ? axis : axis + 1));
  return { outputs: o.bind(scan, operands, { ...params, jaxpr: step.jaxpr }), axes: outAxes };
};

/** A mapped carry must come back in front; another shows whether it stays unmapped. */
function carriesInFront(carried: readonly boolean[]): (BatchAxis | undefined)[] {
  return carried.map((mapped) => (mapped ? 0 : undefined));
}

/** The carries that are mapped after one more step; the same array when there are no more than before. */
function grow(carried: readonly boolean[], outAxes: readonly BatchAxis[]): readonly boolean[] {
  const grown = carried.map((mapped, i) => mapped || outAxes[i] !== null);
  return grown.every((mapped, i) => mapped === carried[i]) ? carried : grown;
}

export const scan: Primitive = definePrimitive<ScanParams>({
  name: 'scan',
  doc: 'Operands are consts, carries, xs; the body maps consts, carries and slices of xs to carries and slices of ys.',
  type(inputs, params) {
    const { jaxpr, length, numConsts, numCarry } = params;
    if (!Number.isInteger(length) || length < 0 || numConsts + numCarry > inputs.length) {
      const problem = `length ${length}, ${numConsts} consts and ${numCarry} carries of ${inputs.length} operands`;
      throw new HeddleError('IR_TYPE', `scan: ${problem}`);
    }
    expectArguments('scan', jaxpr, operandsOfStep(inputs, params));
    const outputs = outputAvals(jaxpr);
    if (outputs.length < numCarry) {
      throw new HeddleError('IR_TYPE', `scan: its jaxpr has ${outputs.length} outputs, fewer than its ${numCarry} carries`);
    }
    expectCarriesKept('scan', inputs.slice(numConsts, numConsts + numCarry), outputs.slice(0, numCarry));
    return outputs.map((output, i) => (i < numCarry ? output : stackedAval(output, length)));
  },
  reference: (inputs, params, evaluate) => runScan(inputs, params, evaluate),
  lowering: { kind: 'control' },
  jvp: scanJvp,
  transpose: scanTranspose,
  split: splitScan,
  batch: batchScan,
  samples: SCAN_SAMPLES,
  domain: { low: 0.25, high: 1 },
  tolerance: 1e-5,
});
