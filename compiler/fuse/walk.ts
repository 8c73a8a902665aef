/** What a set of expressions is made of, each shared part counted once. */
import type { Expr } from '../scalar/expression.ts';
import type { Index } from '../scalar/indices.ts';
import { flopsOf } from './costs.ts';

export interface Survey {
  /** Loads and operations. */
  nodes: number;
  /** Arithmetic of the expressions, without that of indices. */
  flops: number;
  /** Divisions and remainders among the indices. */
  divisions: number;
  /** The buffers loaded from. */
  readonly loads: Set<number>;
  /** The names of the index variables. */
  readonly variables: Set<string>;
}

export function survey(exprs: readonly Expr[], indices: readonly Index[]): Survey {
  const result: Survey = { nodes: 0, flops: 0, divisions: 0, loads: new Set(), variables: new Set() };
  const seen = new Set<Expr | string>();
  const visitIndex = (index: Index): void => {
    if (seen.has(index.key)) return;
    seen.add(index.key);
    switch (index.kind) {
      case 'constant':
        return;
      case 'variable':
        result.variables.add(index.name);
        return;
      case 'dynamic':
        return visit(index.value);
      case 'add':
        visitIndex(index.a);
        return visitIndex(index.b);
      case 'divide':
      case 'modulo':
        result.divisions++;
        return visitIndex(index.a);
      case 'scale':
        return visitIndex(index.a);
    }
  };
  const visit = (expr: Expr): void => {
    if (seen.has(expr)) return;
    seen.add(expr);
    switch (expr.kind) {
      case 'load':
        result.nodes++;
        result.loads.add(expr.buffer);
        return visitIndex(expr.index);
      case 'index':
        return visitIndex(expr.index);
      case 'apply':
        result.nodes++;
        result.flops += flopsOf(expr.fn.cost);
        return expr.args.forEach(visit);
      case 'select':
        result.nodes++;
        result.flops++;
        return [expr.condition, expr.yes, expr.no].forEach(visit);
    }
  };
  exprs.forEach(visit);
  indices.forEach(visitIndex);
  return result;
}
