/** The closed list of primitives. Adding one is adding its row in its file and its name here (and in operations.ts). */
import { Builder } from '../ir/builder.ts';
import type { Operand } from '../ir/builder.ts';
import { Literal, Var } from '../ir/jaxpr.ts';
import type { Params } from '../ir/jaxpr.ts';
import { camelCase } from './primitive.ts';
import type { Primitive } from './primitive.ts';
import { ELEMENTWISE } from './elementwise.ts';
import { REDUCTIONS } from './reduce.ts';
import { CUMULATIVE } from './cumulative.ts';
import { SORTS } from './sort.ts';
import { CONTRACTIONS } from './contract.ts';
import { CONVOLUTIONS } from './convolution.ts';
import { WINDOWS } from './windows.ts';
import { MOVEMENTS } from './movement.ts';
import { INDEXING } from './indexing.ts';
import { RANDOM } from './random.ts';
import { CONTROL } from './control.ts';
import { COLLECTIVES } from './collectives.ts';
import { EFFECTS } from './effects.ts';

export const PRIMITIVES: readonly Primitive[] = [
  ...ELEMENTWISE,
  ...REDUCTIONS,
  ...CUMULATIVE,
  ...SORTS,
  ...CONTRACTIONS,
  ...CONVOLUTIONS,
  ...WINDOWS,
  ...MOVEMENTS,
  ...INDEXING,
  ...RANDOM,
  ...CONTROL,
  ...COLLECTIVES,
  ...EFFECTS,
];

const BY_NAME: ReadonlyMap<string, Primitive> = new Map(PRIMITIVES.map((primitive) => [primitive.name, primitive]));

export function findPrimitive(name: string): Primitive | undefined {
  return BY_NAME.get(name);
}

for (const primitive of PRIMITIVES) {
  const method = function (this: Builder, ...args: readonly unknown[]): unknown {
    const last = args.at(-1);
    const hasParams = typeof last === 'object' && !(last instanceof Var) && !(last instanceof Literal);
    const operands = (hasParams ? args.slice(0, -1) : args) as readonly Operand[];
    const outputs = this.bind(primitive, operands, hasParams ? (last as Params) : {});
    return outputs.length === 1 ? outputs[0] : outputs;
  };
  Object.defineProperty(Builder.prototype, camelCase(primitive.name), { value: method });
}
