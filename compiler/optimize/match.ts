/** What rules ask of an equation and of the definitions of its operands. */
import { HeddleError } from '../errors.ts';
import type { Builder } from '../ir/builder.ts';
import { Literal } from '../ir/jaxpr.ts';
import type { Atom, Aval, Equation, Jaxpr, Param } from '../ir/jaxpr.ts';
import { rewrite } from './rewrite.ts';
import type { Context } from './rewrite.ts';

/** An equation with one output, seen by a rule. */
export class Match {
  readonly o: Builder;
  readonly equation: Equation;
  readonly output: Aval;
  readonly #context: Context;

  constructor(equation: Equation, context: Context) {
    this.o = context.o;
    this.equation = equation;
    this.output = equation.outputs[0]!.aval;
    this.#context = context;
  }

  get inputs(): readonly Atom[] {
    return this.equation.inputs;
  }

  input(i: number): Atom {
    const input = this.equation.inputs[i];
    if (input === undefined) throw new HeddleError('INTERNAL', `${this.equation.primitive.name} has no operand ${i}`);
    return input;
  }

  /** The same primitive with the same parameters on other operands. */
  rebind(inputs: readonly Atom[]): Atom {
    return this.o.bind(this.equation.primitive, inputs, this.equation.params)[0]!;
  }

  /** A parameter; its type is known by the primitive for which the rule was written. */
  param<T extends Param>(name: string): T {
    return this.equation.params[name] as T;
  }

  /** The equation that makes the atom, if it is of this primitive. */
  made(atom: Atom, primitive: string): Equation | undefined {
    const definition = this.#context.definition(atom);
    return definition?.primitive.name === primitive ? definition : undefined;
  }

  /** `x` where the atom is `primitive x`. */
  argument(atom: Atom, primitive: string): Atom | undefined {
    return this.made(atom, primitive)?.inputs[0];
  }

  /** The scalar of which every element of the atom is a copy. */
  scalar(atom: Atom): Atom | undefined {
    if (atom.aval.shape.length === 0) return atom;
    const source = this.argument(atom, 'broadcast_in_dim') ?? this.argument(atom, 'reshape');
    return source?.aval.shape.length === 0 ? source : undefined;
  }

  /** The number that every element of the atom is. */
  constant(atom: Atom): number | undefined {
    const scalar = this.scalar(atom);
    return scalar instanceof Literal ? scalar.value : undefined;
  }

  /** A constant that takes the place of the output, whatever its shape. */
  fill(value: number): Literal {
    return this.o.literal(value, this.output.dtype, this.output.weak);
  }
}

/** What takes the place of the one output, if the rule applies. */
export type MatchRule = (match: Match) => Atom | undefined;

/** Rules by the name of the primitive; of those of one primitive the first that applies is taken. */
export type RuleTable = Readonly<Record<string, readonly MatchRule[]>>;

/** The pass that applies a table. */
export function rewriteByTable(jaxpr: Jaxpr, table: RuleTable): Jaxpr {
  return rewrite(jaxpr, () => (equation, context) => {
    const rules = table[equation.primitive.name];
    if (rules === undefined) return undefined;
    const match = new Match(equation, context);
    for (const rule of rules) {
      const result = rule(match);
      if (result !== undefined) return [result];
    }
    return undefined;
  });
}
