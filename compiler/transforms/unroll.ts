/** unroll: a scan with several copies of its body in a step. Every other pass sees an ordinary scan, or none. */
import { Builder } from '../ir/builder.ts';
import type { Atom, Jaxpr } from '../ir/jaxpr.ts';
import type { ScanParams } from '../reference/scan.ts';
import { rows, scanOfBlocks } from './blocks.ts';

/** The operands of the scan to its results, with `copies` of the body in a step, from 1 to the length. */
export function unrollScan(params: ScanParams, copies: number): Jaxpr {
  return scanOfBlocks(params, copies, (steps) => straightLine(params, steps));
}

/** The steps one after the other, without a loop. */
function straightLine({ jaxpr, reverse, numConsts, numCarry }: ScanParams, steps: number): Jaxpr {
  const first = numConsts + numCarry;
  const o = new Builder();
  const inputs = jaxpr.inputs.map(({ aval }, i) => o.newVar(i < first ? aval : { ...aval, shape: [steps, ...aval.shape] }));
  const [consts, xs] = [inputs.slice(0, numConsts), inputs.slice(first)];
  let carries: readonly Atom[] = inputs.slice(numConsts, first);
  const slices: (readonly Atom[])[] = [];
  for (let step = 0; step < steps; step++) {
    const at = reverse ? steps - 1 - step : step;
    const x = xs.map((each) => o.reshape(rows(o, each, at, 1), { newSizes: each.aval.shape.slice(1) }));
    const outputs = o.inline(jaxpr, [...consts, ...carries, ...x]);
    carries = outputs.slice(0, numCarry);
    slices[at] = outputs.slice(numCarry);
  }
  const ys = slices[0]!.map((_, i) => stack(o, slices.map((slice) => slice[i]!)));
  return o.build([], inputs, [...carries, ...ys]);
}

function stack(o: Builder, slices: readonly Atom[]): Atom {
  const [first, ...others] = slices.map((slice) => o.reshape(slice, { newSizes: [1, ...slice.aval.shape] }));
  return others.length === 0 ? first! : o.concatenate(first!, ...others, { dimension: 0 });
}
