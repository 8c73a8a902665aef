/** The closed list of primitives. Adding one is adding its row in its file and its name here (and in operations.ts). */
import type { Primitive } from './primitive.ts';
import { ELEMENTWISE } from './elementwise.ts';
import { REDUCTIONS } from './reduce.ts';
import { CONTRACTIONS } from './contract.ts';
import { MOVEMENTS } from './movement.ts';
import { INDEXING } from './indexing.ts';
import { RANDOM } from './random.ts';
import { CONTROL } from './control.ts';

export const PRIMITIVES: readonly Primitive[] = [
  ...ELEMENTWISE,
  ...REDUCTIONS,
  ...CONTRACTIONS,
  ...MOVEMENTS,
  ...INDEXING,
  ...RANDOM,
  ...CONTROL,
];

const BY_NAME: ReadonlyMap<string, Primitive> = new Map(PRIMITIVES.map((primitive) => [primitive.name, primitive]));

export function findPrimitive(name: string): Primitive | undefined {
  return BY_NAME.get(name);
}
