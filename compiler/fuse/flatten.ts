/** From a jaxpr to nested blocks: inlines calls, names every variable once, lifts what is invariant out of loops. */
import { HeddleError } from '../errors.ts';
import { Builder } from '../ir/builder.ts';
import type { Operand } from '../ir/builder.ts';
import { Jaxpr, Literal, Var } from '../ir/jaxpr.ts';
import type { Atom, Equation } from '../ir/jaxpr.ts';
import { sizeOf } from '../shape.ts';
import type { Block, BlockProgram, Definition, Node } from './block.ts';
import { flattenCond } from './branches.ts';
import { emptyValue, narrowConcatenate, splitReduction } from './rewrites.ts';
import { flattenScan } from './loops.ts';

/** A block under construction. */
export class Scope {
  readonly nodes: Node[] = [];
  readonly block: Block;
  /** Equations of a loop body that read nothing of the body are placed here, around the loop. */
  readonly around: Scope | undefined;
  readonly program: ProgramScope;

  constructor(program: ProgramScope, block: Omit<Block, 'nodes'>, around: Scope | undefined) {
    this.program = program;
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
      const results = this.#emit({ ...equation, inputs: equation.inputs.map(resolve) });
      equation.outputs.forEach((output, i) => bindings.set(output, results[i]!));
    }
    return resolve(written);
  }

  /** Appends one equation, whose inputs are atoms of the program; gives the atoms that its outputs are. */
  append(equation: Equation): readonly Atom[] {
    const { primitive, params, inputs } = equation;
    switch (primitive.name) {
      case 'jit':
        return this.inline(jaxprParam(params['jaxpr']), inputs);
      case 'scan':
        return flattenScan(this, equation);
      case 'cond':
        return flattenCond(this, equation);
      case 'concatenate':
        return this.#emit({ ...equation, inputs: narrowConcatenate(this, equation) });
    }
    const empty = emptyValue(equation);
    if (empty !== undefined) {
      return equation.outputs.map((output) => this.build((o) => o.full(empty, output.aval), equation));
    }
    const operand = splitReduction(this, equation);
    return operand === undefined ? this.#emit(equation) : this.append({ ...equation, ...operand });
  }

  /** A variable of no elements is nothing that a kernel could read. */
  withoutElements(like: Var): Atom | undefined {
    return sizeOf(like.aval.shape) === 0 ? this.build((o) => o.full(0, like.aval)) : undefined;
  }

  #emit(equation: Equation): Var[] {
    if (this.around !== undefined && !equation.inputs.some((atom) => this.owns(atom))) return this.around.#emit(equation);
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
  readonly definitions = new Map<Var, Definition>();
  readonly unguarded = new Set<Var>();
  readonly #owners = new Map<Var, Scope>();
  #loops = 0;

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

/** The blocks of a jaxpr; its consts are the first inputs. */
export function flatten(jaxpr: Jaxpr): BlockProgram {
  const program = new ProgramScope();
  const scope = new Scope(program, { guard: undefined, depth: 0 }, undefined);
  const inputs = [...jaxpr.consts, ...jaxpr.inputs].map((variable) => scope.declare(variable, { kind: 'input' }));
  const outputs = scope.inline(jaxpr, inputs);
  return { inputs, outputs, block: scope.block, definitions: program.definitions, unguarded: program.unguarded };
}

export function jaxprParam(param: unknown): Jaxpr {
  if (param instanceof Jaxpr) return param;
  throw new HeddleError('INTERNAL', 'an equation lacks its jaxpr');
}
