/** The row of a primitive: everything that is known of it stands in one object. */
import type { HostArray } from '../dtype.ts';
import type { Aval, Atom, Jaxpr, Params } from '../ir/jaxpr.ts';
import type { Builder } from '../ir/builder.ts';
import type { Index } from '../scalar/indices.ts';
import type { Expr, Value } from '../scalar/expression.ts';

/** Runs a jaxpr on host arrays; handed to the reference rules of higher-order primitives. */
export type Evaluate = (jaxpr: Jaxpr, inputs: readonly HostArray[]) => HostArray[];

/** How results combine in a reduction. The arg forms carry the index of the first extremum; a NaN wins. */
export type Monoid = 'sum' | 'prod' | 'max' | 'min' | 'and' | 'or' | 'argmax' | 'argmin';

/** What the back end makes of a primitive. */
export type Lowering<P extends Params> =
  /** One scalar expression per output, a function of the output's indices. */
  | {
      readonly kind: 'element';
      /** `view` only moves indices and is never stored on its own account. */
      readonly view: boolean;
      at(inputs: readonly Value[], params: P, outputs: readonly Aval[]): readonly ((indices: readonly Index[]) => Expr)[];
    }
  /** A reduction of the one operand over `axes` (which the output does not have). */
  | { readonly kind: 'reduce'; readonly monoid: Monoid; axes(params: P): readonly number[] }
  /** A sum of products over paired axes: `dot_general`. */
  | { readonly kind: 'contract' }
  /** Holds jaxprs; the kernel graph knows each by name. */
  | { readonly kind: 'control' };

/** An operand of unknown value, linear in which the equation is being transposed. */
export class LinearOperand {
  readonly aval: Aval;

  constructor(aval: Aval) {
    this.aval = aval;
  }
}

/** `null` is a symbolic zero. */
export type Tangent = Atom | null;

export type JvpRule<P extends Params> =
  /** Linear in all operands together: the tangent is the primitive applied to the tangents. */
  | { readonly kind: 'linear' }
  /** One rule per operand: the operand's tangent in, its contribution out; `null` where the derivative is zero. */
  | { readonly kind: 'partials'; readonly partials: readonly (PartialRule<P> | null)[] }
  | { readonly kind: 'rule'; tangents(o: Builder, call: Call<P>, tangents: readonly Tangent[]): readonly Tangent[] }
  /** The derivative is zero or does not exist; `reason` says why. */
  | { readonly kind: 'zero'; readonly reason: string };

export interface Call<P extends Params> {
  readonly inputs: readonly Atom[];
  readonly outputs: readonly Atom[];
  readonly params: P;
}

export type PartialRule<P extends Params> = (o: Builder, tangent: Atom, call: Call<P>) => Atom;

export type TransposeRule<P extends Params> =
  | {
      readonly kind: 'rule';
      /** Cotangents of the outputs to cotangents of the operands; only those of `LinearOperand`s are used. */
      cotangents(
        o: Builder,
        cotangents: readonly Tangent[],
        inputs: readonly (Atom | LinearOperand)[],
        params: P,
      ): readonly Tangent[];
    }
  | { readonly kind: 'nonlinear'; readonly reason: string };

/** Where the mapped axis of a value is; `null` means the value is not mapped. */
export type BatchAxis = number | null;

export interface Batched {
  readonly outputs: readonly Atom[];
  readonly axes: readonly BatchAxis[];
}

export interface BatchedJaxpr {
  readonly jaxpr: Jaxpr;
  readonly outAxes: readonly BatchAxis[];
}

/**
 * Maps a jaxpr over an axis of `size`; handed to the batch rules of higher-order primitives. `outAxes` says where outputs must
 * have their mapped axis (broadcasting if need be); `null` demands an unmapped output, `undefined` takes it as it falls.
 */
export type BatchJaxpr = (
  jaxpr: Jaxpr,
  size: number,
  inAxes: readonly BatchAxis[],
  outAxes?: readonly (BatchAxis | undefined)[],
) => BatchedJaxpr;

/** Called when at least one operand is mapped. */
export type BatchRule<P extends Params> = (
  o: Builder,
  inputs: readonly Atom[],
  axes: readonly BatchAxis[],
  params: P,
  size: number,
  batch: BatchJaxpr,
) => Batched;

/** A call on which the laws are tested; values are drawn from the primitive's domain. */
export interface Sample<P extends Params> {
  readonly inputs: readonly Aval[];
  readonly params: P;
}

/** Values for tests: `integers` of an operand that is an index or a shift; floats are drawn between the bounds. */
export interface Domain {
  readonly low: number;
  readonly high: number;
}

export interface PrimitiveRow<P extends Params> {
  /** The name in the IR, which is JAX's (`dot_general`); the Builder method is its camelCase. */
  readonly name: string;
  readonly doc: string;
  /** The avals of the outputs; throws a HeddleError with both shapes for operands that do not fit. */
  type(inputs: readonly Aval[], params: P): readonly Aval[];
  /** The outputs computed on the host: the definition that every other rule is checked against. */
  reference(inputs: readonly HostArray[], params: P, evaluate: Evaluate): HostArray[];
  readonly lowering: Lowering<P>;
  readonly jvp: JvpRule<P>;
  readonly transpose: TransposeRule<P>;
  readonly batch: BatchRule<P>;
  readonly samples: readonly Sample<P>[];
  /** One domain for all operands, or one per operand. */
  readonly domain: Domain | readonly Domain[];
  /** Relative tolerance of WGSL against the reference in float32; 0 means exact. */
  readonly tolerance: number;
}

/** A primitive whose parameter type has been forgotten; rules were checked against it when the row was defined. */
export type Primitive = PrimitiveRow<Params>;

export function definePrimitive<P extends Params>(row: PrimitiveRow<P>): Primitive {
  return row as unknown as Primitive;
}

export function camelCase(name: string): string {
  return name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}
