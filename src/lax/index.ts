/** The primitive operations, as jax.lax names them: explicit about dtypes and shapes, where np promotes and broadcasts. */
export * from './unary.ts';
export * from './transcendental.ts';
export * from './binary.ts';
export * from './select.ts';
export * from './reduce.ts';
export * from './movement.ts';
export * from './dynamic.ts';
export * from './contract.ts';
export { scan } from '../control/scan.ts';
export { cond, switchBranches as switch } from '../control/cond.ts';
export { eager } from '../trace/bind.ts';
export type { LaxOperand } from './operands.ts';
