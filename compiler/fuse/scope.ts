/** Blocks under construction, nested as the blocks are. */
import { HeddleError } from '../errors.ts';
import { Builder } from '../ir/builder.ts';
import type { Operand } from '../ir/builder.ts';
import { Literal, Var } from '../ir/jaxpr.ts';
import type { Atom, Equation, Jaxpr } from '../ir/jaxpr.ts';
import { sizeOf } from '../shape.ts';
import type { Block, Definition, Node } from './block.ts';

/** Appends what an equation is rewritten to and gives the atoms of its outputs, or leaves it as it is. */
export type Rewrite = (scope: Scope, equation: Equation) => readonly Atom[] | undefined;

/** A block under construction. */
export class Scope {
  readonly nodes: Node[] = [];
  readonly block: Block;
  /** Equations of a loop body that read nothing of the body are placed here, around the loop. */
  readonly around: Scope | undefined;
  readonly program: ProgramScope;
  readonly #within: Scope | undefined;

  /** `within` is the scope of the loop body in which a guarded scope stands: what depends on it does not leave the loop. */
  constructor(program: ProgramScope, block: Omit<Block, 'nodes'>, around: Scope | undefined, within?: Scope) {
    this.program = program;
    this.#within = within;
    this.block = { ...block, nodes: this.nodes };
    this.around = around;
  }

  /** A fresh variable of this scope that is no equation's. */
  declare(like: Var, definition: Definition): Var {
    const fresh = new Var(like.aval);
    this.program.define(fresh, definition, this);
    return fresh;
  }

  /** Appends the equations of `jaxpr` on `operands`; gives its outputs. */
  inline(jaxpr: Jaxpr, operands: readonly Atom[]): Atom[] {
    const bindings = new Map<Var, Atom>();
    [...jaxpr.consts, ...jaxpr.inputs].forEach((variable, i) => bindings.set(variable, operands[i]!));
    const resolve = (atom: Atom): Atom => {
      if (atom instanceof Literal) return atom;
      const bound = bindings.get(atom);
      if (bound === undefined) throw new HeddleError('INTERNAL', 'an equation reads a variable that nothing defined');
      return bound;
    };
    for (const equation of jaxpr.equations) {
      const results = this.append({ ...equation, inputs: equation.inputs.map(resolve) });
      equation.outputs.forEach((output, i) => bindings.set(output, results[i]!));
    }
    return jaxpr.outputs.map(resolve);
  }

  /** Appends what `write` writes with a Builder; gives what it gives. */
  build(write: (o: Builder) => Operand, like?: Equation): Atom {
    const o = new Builder();
    o.source = like?.source;
    o.path = like?.path ?? '';
    const written = write(o) as Atom;
    const bindings = new Map<Var, Atom>();
    const resolve = (atom: Atom): Atom => (atom instanceof Var ? (bindings.get(atom) ?? atom) : atom);
    for (const equation of o.equations) {
      const results = this.emit({ ...equation, inputs: equation.inputs.map(resolve) });
      equation.outputs.forEach((output, i) => bindings.set(output, results[i]!));
    }
    return resolve(written);
  }

  /** Appends one equation, whose inputs are atoms of the program, or what it is rewritten to; gives the atoms of its outputs. */
  append(equation: Equation): readonly Atom[] {
    return this.program.rewrite(this, equation) ?? this.emit(equation);
  }

  /** An atom in place of a variable without elements, which is nothing that a kernel could store. */
  filledIfEmpty(like: Var): Atom | undefined {
    return sizeOf(like.aval.shape) === 0 ? this.build((o) => o.full(0, like.aval)) : undefined;
  }

  /** Appends one equation as it is, outside of the loops in which it does not change. */
  emit(equation: Equation): Var[] {
    const stays = (atom: Atom): boolean => this.owns(atom) || this.#within?.owns(atom) === true;
    if (this.around !== undefined && !equation.inputs.some(stays)) return this.around.emit(equation);
    const outputs = equation.outputs.map((output) => new Var(output.aval));
    const fresh = { ...equation, outputs };
    this.nodes.push({ kind: 'operation', equation: fresh });
    outputs.forEach((variable, output) => {
      this.program.define(variable, { kind: 'operation', equation: fresh, output, block: this.block }, this);
    });
    return outputs;
  }

  /** Whether the atom is a variable of this very scope. */
  owns(atom: Atom): boolean {
    return atom instanceof Var && this.program.ownerOf(atom) === this;
  }
}

/** What all scopes of a program share. */
export class ProgramScope {
  readonly rewrite: Rewrite;
  readonly definitions: Map<Var, Definition> = new Map();
  readonly unguarded: Set<Var> = new Set();
  readonly #owners = new Map<Var, Scope>();
  #loops = 0;

  constructor(rewrite: Rewrite) {
    this.rewrite = rewrite;
  }

  define(variable: Var, definition: Definition, owner: Scope): void {
    this.definitions.set(variable, definition);
    this.#owners.set(variable, owner);
  }

  ownerOf(variable: Var): Scope | undefined {
    return this.#owners.get(variable);
  }

  /** A name for the counter of the next loop. */
  nextCounter(): string {
    return `t${this.#loops++}`;
  }
}
