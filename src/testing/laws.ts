/** Laws that every traceable function obeys; give them inputs from a property-testing library. */
import { canonicalText } from '../../compiler/ir/hash.ts';
import { parseJaxpr } from '../../compiler/ir/parse.ts';
import { printJaxpr } from '../../compiler/ir/print.ts';
import type { Device } from '../../runtime/index.ts';
import { cpu, withDevice } from '../device.ts';
import { jit } from '../jit.ts';
import { makeJaxpr } from '../make-jaxpr.ts';
import { apply } from '../trace/bind.ts';
import { Tensor } from '../trace/tensor.ts';
import { flatten, map, unflatten } from '../tree.ts';
import { vmap } from '../vmap.ts';
import { assertAllClose } from './compare.ts';
import type { Tolerance } from './compare.ts';

/** `jit(f)(...args)` equals `f(...args)`, on the first call and on a cache hit. */
export async function jitLaw<A extends unknown[]>(f: (...args: A) => unknown, args: A, tolerance: Tolerance = {}): Promise<void> {
  const expected = f(...args);
  const jitted = jit(f);
  await assertAllClose(jitted(...args), expected, tolerance);
  await assertAllClose(jitted(...args), expected, tolerance);
}

/** `vmap(f)(...args)` equals `f` of each slice along axis 0, stacked. Every tensor of `args` has the same leading size. */
export async function vmapLaw<A extends unknown[]>(
  f: (...args: A) => unknown,
  args: A,
  tolerance: Tolerance = {},
): Promise<void> {
  const mapped = vmap(f)(...args);
  const size = (flatten(args).leaves.find((leaf) => leaf instanceof Tensor) as Tensor).shape[0]!;
  for (let i = 0; i < size; i++) {
    const slice = (leaf: unknown): unknown => (leaf instanceof Tensor ? row(leaf, i) : leaf);
    const expected = f(...(map(slice, args) as A));
    await assertAllClose(map(slice, mapped), expected, tolerance);
  }
}

/** `f` on the device `gpu` equals `f` on `cpu`, the reference interpreter. */
export async function deviceLaw<A extends unknown[]>(
  f: (...args: A) => unknown,
  args: A,
  gpu: Device,
  tolerance: Tolerance = {},
): Promise<void> {
  const moved = await moveTo(args, cpu);
  const expected = withDevice(cpu, () => jit(f, { device: cpu })(...(moved as A)));
  const actual = withDevice(gpu, () => jit(f, { device: gpu })(...args));
  await assertAllClose(actual, expected, tolerance);
}

/** The text of `f`'s jaxpr parses back to an equal jaxpr. */
export function printLaw<A extends unknown[]>(f: (...args: A) => unknown, args: A): void {
  const { jaxpr } = makeJaxpr(f)(...args);
  const text = printJaxpr(jaxpr);
  if (canonicalText(parseJaxpr(text)) !== canonicalText(jaxpr))
    throw new Error(`the jaxpr does not survive printing and parsing:\n${text}`);
}

async function moveTo(tree: unknown, device: Device): Promise<unknown> {
  const { leaves, treedef } = flatten(tree);
  return unflatten(treedef, await Promise.all(leaves.map((leaf) => (leaf instanceof Tensor ? leaf.to(device) : leaf))));
}

function row(x: Tensor, i: number): Tensor {
  const starts = x.shape.map((_, axis) => (axis === 0 ? i : 0));
  const limits = x.shape.map((extent, axis) => (axis === 0 ? i + 1 : extent));
  const slice = apply('slice', [x], { startIndices: starts, limitIndices: limits, strides: x.shape.map(() => 1) });
  return apply('reshape', [slice], { newSizes: x.shape.slice(1) });
}
