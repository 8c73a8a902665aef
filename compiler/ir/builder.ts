/**
 * Appends equations to a jaxpr under construction. All rules (differentiation, batching, decompositions) are written against
 * it, `o.mul(dx, o.cos(x))`, so the same text serves tracing, the passes and constant folding.
 */
import { HeddleError } from '../errors.ts';
import { isFloat, roundTo } from '../dtype.ts';
import type { DType } from '../dtype.ts';
import type { Primitive } from '../primitives/primitive.ts';
import type { Operations } from '../primitives/operations.ts';
import { Literal, Var, aval, Jaxpr } from './jaxpr.ts';
import type { Atom, Aval, Equation, Params, Source } from './jaxpr.ts';

/** An operand of a rule; a number takes the dtype of the other operands. */
export type Operand = Atom | number;

/** The methods are installed by primitives/index.ts, from the table of primitives: rules may make Builders, so this file cannot know it. */
export interface Builder extends Operations {}

export class Builder {
  readonly equations: Equation[] = [];
  /** Stamped on every equation appended from now on. */
  source: Source | undefined = undefined;
  path: string = '';

  /** Appends `outputs = primitive[params] inputs`, with the types that the primitive's rule gives. */
  bind(primitive: Primitive, inputs: readonly Operand[], params: Params = {}): Var[] {
    const atoms = this.#atoms(primitive, inputs);
    const outputs = primitive
      .type(
        atoms.map((atom) => atom.aval),
        params,
      )
      .map((type) => new Var(type));
    this.equations.push({ primitive, inputs: atoms, params, outputs, source: this.source, path: this.path });
    return outputs;
  }

  /** A scalar of the given dtype. */
  literal(value: number, dtype: DType, weak = false): Literal {
    return new Literal(roundTo(dtype, value), aval(dtype, [], weak));
  }

  /** A tensor of one value: a literal, broadcast unless `shape` is that of a scalar. */
  full(value: number, { dtype, shape }: { readonly dtype: DType; readonly shape: readonly number[] }): Atom {
    const scalar = this.literal(value, dtype);
    return shape.length === 0 ? scalar : this.broadcastInDim(scalar, { shape, broadcastDimensions: [] });
  }

  /** Appends the equations of `jaxpr` with its consts and inputs replaced by `operands`; gives its outputs. */
  inline(jaxpr: Jaxpr, operands: readonly Atom[]): Atom[] {
    const bound = new Map<Var, Atom>([...jaxpr.consts, ...jaxpr.inputs].map((v, i) => [v, at(operands, i)]));
    const resolve = (atom: Atom): Atom => (atom instanceof Var ? (bound.get(atom) ?? atom) : atom);
    for (const equation of jaxpr.equations) {
      const outputs = equation.outputs.map((output) => new Var(output.aval));
      this.equations.push({ ...equation, inputs: equation.inputs.map(resolve), outputs });
      equation.outputs.forEach((output, i) => bound.set(output, at(outputs, i)));
    }
    return jaxpr.outputs.map(resolve);
  }

  /** A fresh variable, for an input. */
  newVar(type: Aval): Var {
    return new Var(type);
  }

  /** The finished jaxpr. */
  build(consts: readonly Var[], inputs: readonly Var[], outputs: readonly Atom[]): Jaxpr {
    return new Jaxpr(consts, inputs, this.equations, outputs);
  }

  #atoms(primitive: Primitive, inputs: readonly Operand[]): Atom[] {
    const typed = inputs.find((input) => typeof input !== 'number');
    return inputs.map((input) => {
      if (typeof input !== 'number') return input;
      if (typed === undefined) {
        throw new HeddleError('INTERNAL', `${primitive.name}: a rule gave only numbers as operands`);
      }
      if (!isFloat(typed.aval.dtype) && !Number.isInteger(input)) {
        throw new HeddleError('INTERNAL', `${primitive.name}: a rule gave ${input} as an operand of dtype ${typed.aval.dtype}`);
      }
      return this.literal(input, typed.aval.dtype, typed.aval.weak);
    });
  }
}

function at<T>(items: readonly T[], i: number): T {
  const item = items[i];
  if (item === undefined) throw new HeddleError('INTERNAL', `item ${i} of ${items.length}`);
  return item;
}
