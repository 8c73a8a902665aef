/** A while loop on the host. */
import type { HostArray } from '../dtype.ts';
import type { Jaxpr } from '../ir/jaxpr.ts';
import type { Evaluate } from '../primitives/primitive.ts';

export type WhileParams = {
  /** Consts of the condition and carries to one bool. */
  readonly condJaxpr: Jaxpr;
  /** Consts of the body and carries to carries. */
  readonly bodyJaxpr: Jaxpr;
  readonly condConsts: number;
  readonly bodyConsts: number;
  /** The loop ends after so many iterations though its condition still holds. */
  readonly maxIterations: number | null;
};

/** Operands, or what goes with each: those of the condition, those of the body, carries. */
export function whileOperands<T>(
  operands: readonly T[],
  { condConsts, bodyConsts }: Pick<WhileParams, 'condConsts' | 'bodyConsts'>,
): [condition: T[], body: T[], carries: T[]] {
  const first = condConsts + bodyConsts;
  return [operands.slice(0, condConsts), operands.slice(condConsts, first), operands.slice(first)];
}

/** The final carries. */
export function runWhile(inputs: readonly HostArray[], params: WhileParams, evaluate: Evaluate): HostArray[] {
  const { condJaxpr, bodyJaxpr, maxIterations } = params;
  const [condition, body, initial] = whileOperands(inputs, params);
  const holds = (carries: readonly HostArray[]): boolean => evaluate(condJaxpr, [...condition, ...carries])[0]!.data[0] !== 0;
  let carries = initial;
  for (let i = 0; i < (maxIterations ?? Infinity) && holds(carries); i++) carries = evaluate(bodyJaxpr, [...body, ...carries]);
  return carries;
}
