/**
 * The program as nested blocks: calls are inlined, every variable is defined once in the whole program, and a block may read what
 * the blocks around it define. Constants of a loop body and operands of a branch are simply the outer variables.
 */
import type { Atom, Equation, Source, Var } from '../ir/jaxpr.ts';
import type { Index, IndexVariable } from '../scalar/indices.ts';

/** Kernels of a block run only when the scalar int32 variable `index` is `branch`. */
export interface Guard {
  readonly index: Var;
  readonly branch: number;
}

export interface Block {
  readonly nodes: Node[];
  readonly guard: Guard | undefined;
  /** The loops around the block. */
  readonly depth: number;
}

export interface Operation {
  readonly kind: 'operation';
  readonly equation: Equation;
}

/** A variable of the body that takes the value of `next` in the step after. */
export interface Carry {
  readonly input: Var;
  readonly initial: Atom;
  readonly next: Atom;
  readonly result: Var;
  /** What the other buffer of the carry holds after a loop of which `result` is what its odd steps wrote. */
  readonly other?: Var;
}

/** `result[position] = value` in every step. */
export interface Stack {
  readonly value: Atom;
  readonly result: Var;
}

export interface Loop {
  readonly kind: 'loop';
  readonly counter: IndexVariable;
  /** The position of a step's slices along axis 0: the counter, or its mirror image in a reversed loop. */
  readonly position: Index;
  readonly carries: readonly Carry[];
  readonly stacks: readonly Stack[];
  /** `xs[position]`, as variables of the body. */
  readonly slices: readonly Var[];
  readonly body: Block;
  /** The user's line. */
  readonly source: Source | undefined;
  /** A bool of the body: a step for which it does not hold is not taken, and ends the loop. Only one kernel can run that. */
  readonly holds?: Atom;
  /** A loop of kernels ends after an even number of steps when an int32 of the body is 0; further steps change nothing. */
  readonly until?: Until;
}

export interface Until {
  readonly running: Var;
  readonly maxIterations: number | null;
  /** Why one kernel cannot run it. */
  readonly obstacle: string;
}

export interface Case {
  readonly block: Block;
  readonly outputs: readonly Atom[];
}

export interface Branches {
  readonly kind: 'branches';
  /** Clamped to the number of cases; negative where an enclosing branch is not taken. */
  readonly index: Var;
  readonly cases: readonly Case[];
  readonly results: readonly Var[];
}

export type Node = Operation | Loop | Branches;

/** What a variable is. */
export type Definition =
  | { readonly kind: 'operation'; readonly equation: Equation; readonly output: number; readonly block: Block }
  | { readonly kind: 'slice'; readonly source: Atom; readonly position: Index }
  | { readonly kind: 'input' }
  | { readonly kind: 'carry' }
  /** Of a loop or of branches. */
  | { readonly kind: 'result'; readonly block: Block };

export interface BlockProgram {
  readonly inputs: readonly Var[];
  readonly outputs: readonly Atom[];
  readonly block: Block;
  readonly definitions: ReadonlyMap<Var, Definition>;
  /** Variables of guarded blocks that are computed whether or not the guard holds. */
  readonly unguarded: ReadonlySet<Var>;
}
