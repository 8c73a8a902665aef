/** The loop behind the reference rule of `scan`. */
import type { HostArray } from '../dtype.ts';
import { allocate } from '../dtype.ts';
import type { Jaxpr } from '../ir/jaxpr.ts';
import type { Evaluate } from '../primitives/primitive.ts';
import { sizeOf } from '../shape.ts';
import { hostArray, leading } from './arrays.ts';

export type ScanParams = {
  readonly jaxpr: Jaxpr;
  readonly length: number;
  /** Runs from the last slice of the xs to the first; the ys keep the places of their xs. */
  readonly reverse: boolean;
  readonly numConsts: number;
  readonly numCarry: number;
};

/** The final carries, then the stacked ys. */
export function runScan(inputs: readonly HostArray[], params: ScanParams, evaluate: Evaluate): HostArray[] {
  const { jaxpr, length, reverse, numConsts, numCarry } = params;
  const consts = inputs.slice(0, numConsts);
  const xs = inputs.slice(numConsts + numCarry);
  let carries = inputs.slice(numConsts, numConsts + numCarry);
  const ys = jaxpr.outputs.slice(numCarry).map(({ aval: { dtype, shape } }) => {
    const stacked = [length, ...shape];
    return hostArray(dtype, stacked, allocate(dtype, sizeOf(stacked)));
  });
  for (let step = 0; step < length; step++) {
    const at = reverse ? length - 1 - step : step;
    const outputs = evaluate(jaxpr, [...consts, ...carries, ...xs.map((x) => leading(x, at))]);
    carries = outputs.slice(0, numCarry);
    ys.forEach((y, i) => y.data.set(outputs[numCarry + i]!.data, at * sizeOf(y.shape.slice(1))));
  }
  return [...carries, ...ys];
}
