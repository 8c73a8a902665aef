/** A scan, rewritten as a scan over blocks of several steps; the steps that do not fill a block come after the others. */
import { Builder } from '../ir/builder.ts';
import { findPrimitive } from '../primitives/index.ts';
import type { Atom, Jaxpr } from '../ir/jaxpr.ts';
import type { ScanParams } from '../reference/scan.ts';

/** So many steps at once: consts, carries and that many slices of the xs to carries and that many slices of the ys. */
export type Block = (steps: number) => Jaxpr;

/** The operands of the scan to its results. `size` is from 1 to the length. */
export function scanOfBlocks(params: ScanParams, size: number, block: Block): Jaxpr {
  const { jaxpr, length, reverse, numConsts, numCarry } = params;
  const first = numConsts + numCarry;
  const o = new Builder();
  const inputs = jaxpr.inputs.map(({ aval }, i) => o.newVar(i < first ? aval : { ...aval, shape: [length, ...aval.shape] }));
  const [consts, xs] = [inputs.slice(0, numConsts), inputs.slice(first)];
  let carries: readonly Atom[] = inputs.slice(numConsts, first);
  const pieces: (readonly Atom[])[] = [];
  const take = (outputs: readonly Atom[]): void => {
    carries = outputs.slice(0, numCarry);
    pieces.push(outputs.slice(numCarry));
  };

  const blocks = Math.floor(length / size);
  const rest = length % size;
  const whole = xs.map((x) => rows(o, x, reverse ? rest : 0, length - rest));
  if (blocks === 1) {
    take(o.inline(block(size), [...consts, ...carries, ...whole]));
  } else {
    const folded = whole.map((x) => o.reshape(x, { newSizes: [blocks, size, ...x.aval.shape.slice(1)] }));
    const loop = { ...params, jaxpr: block(size), length: blocks };
    const results = o.bind(findPrimitive('scan')!, [...consts, ...carries, ...folded], loop);
    const flat = (y: Atom): Atom => o.reshape(y, { newSizes: [blocks * size, ...y.aval.shape.slice(2)] });
    take(results.map((result, i) => (i < numCarry ? result : flat(result))));
  }
  if (rest > 0) {
    const last = xs.map((x) => rows(o, x, reverse ? 0 : length - rest, rest));
    take(o.inline(block(rest), [...consts, ...carries, ...last]));
  }
  const [head, ...tail] = reverse ? pieces.reverse() : pieces;
  const ys = head!.map((y, i) => (tail.length === 0 ? y : o.concatenate(y, ...tail.map((piece) => piece[i]!), { dimension: 0 })));
  return o.build([], inputs, [...carries, ...ys]);
}

/** `count` slices along the leading axis. */
export function rows(o: Builder, x: Atom, start: number, count: number): Atom {
  const [extent, ...shape] = x.aval.shape as [number, ...number[]];
  if (count === extent) return x;
  return o.slice(x, {
    startIndices: [start, ...shape.map(() => 0)],
    limitIndices: [start + count, ...shape],
    strides: [1, ...shape.map(() => 1)],
  });
}
