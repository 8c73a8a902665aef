/** Looking into programs while they run. The counterpart of jax.debug and checkify. */
export { print } from './print.ts';
export { errorIf } from './error-if.ts';
export { checkNans } from './check-nans.ts';
export { barrier, setPrintSink } from './printer.ts';
export type { PrintSink } from './printer.ts';
export type { Printable } from './format.ts';
