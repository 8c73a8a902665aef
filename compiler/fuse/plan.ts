/** What is stored where: the result of materialisation, of which kernels are built. */
import type { Atom, Var } from '../ir/jaxpr.ts';
import type { Index } from '../scalar/indices.ts';
import type { Block, Branches, Definition, Guard, Loop } from './block.ts';
import type { GraphBuffer } from './graph.ts';
import type { Frame } from './space.ts';

/** A place for a tensor: a buffer, or the part of it at `prefix`, indices of its leading axes. */
export interface Target {
  readonly buffer: number;
  readonly prefix: readonly Index[];
}

/** A tensor that some kernel stores. */
export interface Root {
  /** Roots are numbered from the end of the program to its start. */
  readonly order: number;
  readonly atom: Atom;
  /** Computes its atom; else it stores what is read of it: a literal, a view, an input, a carry. */
  readonly own: boolean;
  readonly frame: Frame;
  readonly block: Block;
  readonly guard: Guard | undefined;
  /** Where it must be written. */
  readonly required: readonly Target[];
  /** From where other kernels load it; a temporary unless it is one of those required. */
  readonly home: Target | undefined;
  /** The stored variables that it reads, and at which indices. */
  readonly reads: Map<Var, (readonly Index[])[]>;
  /** The variables that it computes in place, with the atoms that each reads. */
  readonly inlined: Map<Var, Set<Atom>>;
  /** Computes the results of a loop, of which `atom` is the first. */
  readonly scan?: ThreadedLoop;
}

export type LoopRoot = Root & { readonly scan: ThreadedLoop };

/** A loop that one kernel runs, and where the last values of its carries and the values that it stacks are written. */
export interface ThreadedLoop {
  readonly loop: Loop;
  readonly finals: readonly (readonly Target[])[];
  readonly stacks: readonly (readonly Target[])[];
}

/** Roots, loops and branches of a block in the order of the program. */
export type Item = Root | Loop | Branches;

export interface Plan {
  readonly definitions: ReadonlyMap<Var, Definition>;
  readonly buffers: readonly GraphBuffer[];
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly items: ReadonlyMap<Block, readonly Item[]>;
  /** Where each stored variable is loaded from. */
  readonly homes: ReadonlyMap<Var, Target>;
  /** The buffers that hold exactly one atom: initials of carries and indices of branches. */
  readonly wholes: ReadonlyMap<Atom, number>;
  readonly loops: ReadonlyMap<Loop, number>;
}

export function isRoot(item: Item): item is Root {
  return !('kind' in item);
}

export function isLoop(root: Root): root is LoopRoot {
  return root.scan !== undefined;
}

/** The buffers that a root writes. */
export function targetsOf({ required, home }: Pick<Root, 'required' | 'home'>): Target[] {
  return home === undefined || required.includes(home) ? [...required] : [...required, home];
}
