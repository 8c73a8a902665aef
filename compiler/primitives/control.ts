/** Primitives that hold jaxprs. */
import { cond } from './control/cond.ts';
import { jit } from './control/jit.ts';
import { scan } from './control/scan.ts';
import type { Primitive } from './primitive.ts';

export const CONTROL: readonly Primitive[] = [jit, scan, cond];
