/** Values of a scan's body, computed outside of the loop for all its steps at once. */
import { Builder } from '../ir/builder.ts';
import { Jaxpr, Literal, Var } from '../ir/jaxpr.ts';
import type { Atom, Equation } from '../ir/jaxpr.ts';
import { mappedAt } from '../primitives/batching.ts';
import type { BatchAxis } from '../primitives/primitive.ts';
import { batchJaxpr } from '../transforms/vmap.ts';
import { dependents, isHeavy } from './body.ts';
import { conform } from './rewrite.ts';
import type { ScanParts } from './scan-parts.ts';

/** A value in all steps: along `axis`, or `null` where it is the same in all of them. */
interface Mapped {
  readonly atom: Atom;
  readonly axis: BatchAxis;
}

/**
 * Appends to `o`, by the batch rules, what is asked for. What depends on a carry, or must stay in the loop for another reason, is
 * taken from a stack that the loop has to make: `stacks` says of which variables, and by what the equations in `o` know them.
 */
export class AllSteps {
  readonly o: Builder = new Builder();
  readonly stacks: Map<Var, Var> = new Map();
  /** What contractions and reductions give in all steps. */
  readonly heavy: Var[] = [];
  readonly length: number;
  readonly #outside: ReadonlyMap<Atom, Equation>;
  readonly #varying: ReadonlySet<Atom>;
  readonly #known: Map<Var, Mapped>;

  /** `outside` are the equations that may be computed here. */
  constructor(parts: ScanParts, outside: Iterable<Equation>, { source, path }: Equation) {
    Object.assign(this.o, { source, path });
    const { consts, carries, xs, length } = parts;
    this.length = length;
    this.#varying = dependents([...carries, ...xs].map(({ inner }) => inner), parts.equations);
    this.#outside = new Map([...outside].flatMap((equation) => equation.outputs.map((output) => [output, equation] as const)));
    const repeated = consts.map(({ inner, outer }): [Var, Mapped] => {
      return [inner, { atom: conform(this.o, outer, inner.aval), axis: null }];
    });
    const sliced = xs.map(({ inner, outer }): [Var, Mapped] => {
      const aval = { ...inner.aval, shape: [length, ...inner.aval.shape] };
      return [inner, { atom: conform(this.o, outer, aval), axis: 0 }];
    });
    this.#known = new Map([...repeated, ...sliced]);
  }

  /** The equation by which the value would be computed here, unless it has been already. */
  definition(atom: Atom): Equation | undefined {
    return atom instanceof Var && this.#known.has(atom) ? undefined : this.#outside.get(atom);
  }

  /** Whether the value may differ from step to step. */
  varies(atom: Atom): boolean {
    return this.#varying.has(atom);
  }

  /** The value in one step, of one that is the same in all of them. */
  repeated(atom: Atom): Atom {
    return this.#of(atom).atom;
  }

  /** The values in all steps, along the leading axis. */
  stacked(atom: Atom): Atom {
    const { atom: mapped, axis } = this.#of(atom);
    return mappedAt(this.o, mapped, axis, this.length, 0);
  }

  #of(atom: Atom): Mapped {
    if (atom instanceof Literal) return { atom, axis: null };
    if (!this.#known.has(atom)) {
      const equation = this.#outside.get(atom);
      if (equation === undefined) this.#stack(atom);
      else this.#compute(equation);
    }
    return this.#known.get(atom)!;
  }

  #stack(variable: Var): void {
    const { aval } = variable;
    const stack = new Var({ ...aval, shape: [this.length, ...aval.shape] });
    this.stacks.set(variable, stack);
    this.#known.set(variable, { atom: stack, axis: 0 });
  }

  #compute(equation: Equation): void {
    const inputs = equation.inputs.filter((input) => input instanceof Var);
    const operands = inputs.map((input) => this.#of(input));
    const alone = new Jaxpr([], inputs, [equation], equation.outputs);
    const { jaxpr, outAxes } = batchJaxpr(alone, this.length, operands.map(({ axis }) => axis));
    const results = this.o.inline(jaxpr, operands.map(({ atom }) => atom));
    equation.outputs.forEach((output, i) => this.#known.set(output, { atom: results[i]!, axis: outAxes[i]! }));
    if (isHeavy(equation)) this.heavy.push(...equation.outputs);
  }
}
