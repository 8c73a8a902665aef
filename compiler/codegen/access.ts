/** How kernels step through buffers: what decides between schedules. */
import type { Expr } from '../scalar/expression.ts';
import type { Index } from '../scalar/indices.ts';

export type Load = Extract<Expr, { kind: 'load' }>;

/** Every load in the expressions, once, also those inside of indices. */
export function loadsOf(roots: readonly (Expr | Index)[]): Load[] {
  const seen = new Set<Expr | Index>();
  const found: Load[] = [];
  const visit = (node: Expr | Index): void => {
    if (seen.has(node)) return;
    seen.add(node);
    if (node.kind === 'load') found.push(node);
    childrenOf(node).forEach(visit);
  };
  roots.forEach(visit);
  return found;
}

/** By how much the index grows with the variable, or undefined where the growth is not constant. */
export function strideOf(index: Index, name: string): number | undefined {
  switch (index.kind) {
    case 'constant':
      return 0;
    case 'variable':
      return index.name === name ? 1 : 0;
    case 'add': {
      const a = strideOf(index.a, name);
      const b = strideOf(index.b, name);
      return a === undefined || b === undefined ? undefined : a + b;
    }
    case 'scale': {
      const a = strideOf(index.a, name);
      return a === undefined ? undefined : a * index.by;
    }
    case 'divide':
    case 'modulo':
    case 'dynamic':
      return mentions(index, name) ? undefined : 0;
  }
}

/** Whether the index is a multiple of `divisor` wherever the variable is zero. */
export function isMultipleWithout(index: Index, name: string, divisor: number): boolean {
  switch (index.kind) {
    case 'constant':
      return index.value % divisor === 0;
    case 'variable':
      return index.name === name;
    case 'add':
      return isMultipleWithout(index.a, name, divisor) && isMultipleWithout(index.b, name, divisor);
    case 'scale':
      return index.by % divisor === 0 || isMultipleWithout(index.a, name, divisor);
    case 'divide':
    case 'modulo':
    case 'dynamic':
      return false;
  }
}

function mentions(node: Expr | Index, name: string): boolean {
  return (node.kind === 'variable' && node.name === name) || childrenOf(node).some((child) => mentions(child, name));
}

function childrenOf(node: Expr | Index): readonly (Expr | Index)[] {
  switch (node.kind) {
    case 'constant':
    case 'variable':
    case 'reduced':
      return [];
    case 'load':
    case 'index':
      return [node.index];
    case 'apply':
      return node.args;
    case 'select':
      return [node.condition, node.yes, node.no];
    case 'add':
      return [node.a, node.b];
    case 'scale':
    case 'divide':
    case 'modulo':
      return [node.a];
    case 'dynamic':
      return [node.value];
  }
}
