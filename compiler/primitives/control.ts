/** Primitives that hold jaxprs. */
import { cond } from './control/cond.ts';
import { customJvpCall } from './control/custom-jvp.ts';
import { customVjpCall, customVjpLinear } from './control/custom-vjp.ts';
import { jit } from './control/jit.ts';
import { checkpointName, optimizationBarrier, stopGradient } from './control/marks.ts';
import { remat } from './control/remat.ts';
import { scan } from './control/scan.ts';
import { whileLoop } from './control/while.ts';
import type { Primitive } from './primitive.ts';

export const CONTROL: readonly Primitive[] = [
  jit, scan, cond,
  whileLoop,
  remat,
  customJvpCall,
  customVjpCall,
  customVjpLinear,
  checkpointName,
  optimizationBarrier,
  stopGradient,
];
