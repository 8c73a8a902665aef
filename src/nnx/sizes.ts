/** How much Variables hold: elements and bytes by kind, as summaries and printed modules show them. */
import { deviceBytes } from '../../compiler/dtype.ts';
import { sizeOf } from '../../compiler/shape.ts';
import { typeName } from '../trace/printing.ts';
import { currentTrace, peekIn } from '../trace/trace.ts';
import { RngState } from './variables.ts';
import type { Variable } from './variables.ts';

/** Elements, and the bytes that they take on a device. */
export interface Size {
  readonly count: number;
  readonly bytes: number;
}

/** The class, and one name for all that random streams are made of. */
export function kindName(variable: Variable): string {
  return variable instanceof RngState ? 'RngState' : typeName(variable.constructor);
}

/** By kind, each Variable once. A Variable without a value, because its trace has ended, counts nothing. */
export function sizesOf(variables: Iterable<Variable>): Map<string, Size> {
  const sizes = new Map<string, Size>();
  for (const variable of new Set(variables)) {
    const value = peekIn(currentTrace(), variable);
    if (value === null) continue;
    const count = sizeOf(value.shape);
    const kind = kindName(variable);
    sizes.set(kind, plus(sizes.get(kind), { count, bytes: count * deviceBytes(value.dtype) }));
  }
  return sizes;
}

export function totalOf(sizes: ReadonlyMap<string, Size>): Size {
  return [...sizes.values()].reduce<Size>((sum, size) => plus(sum, size), plus());
}

function plus(a: Size = { count: 0, bytes: 0 }, b: Size = { count: 0, bytes: 0 }): Size {
  return { count: a.count + b.count, bytes: a.bytes + b.bytes };
}

/** `1,234 (4.9 KB)`; a kilobyte is 1000 bytes. */
export function sizeText({ count, bytes }: Size): string {
  return `${numberText(count)} (${bytesText(bytes)})`;
}

/** `1,234`. */
export function numberText(value: number): string {
  return value.toLocaleString('en-US');
}

const UNITS: readonly (readonly [bytes: number, unit: string])[] = [[1e9, 'GB'], [1e6, 'MB'], [1e3, 'KB']];

function bytesText(bytes: number): string {
  const [size, unit] = UNITS.find(([least]) => bytes >= least) ?? [1, 'B'];
  return `${size === 1 ? bytes : (bytes / size).toFixed(1)} ${unit}`;
}
