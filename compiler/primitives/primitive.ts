/** The row of a primitive: everything that is known of it stands in one object. */
import type { HostArray } from '../dtype.ts';
import type { Aval, Atom, Equation, Jaxpr, Params, Var } from '../ir/jaxpr.ts';
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
  /** Kernels are made of the equations written here, of other primitives. */
  | { readonly kind: 'composite'; write(o: Builder, inputs: readonly Atom[], params: P): readonly Atom[] }
  /** Holds jaxprs; the kernel graph knows each by name. */
  | { readonly kind: 'control' }
  /** Cannot be computed: a pass must have replaced it before. */
  | { readonly kind: 'none'; readonly reason: string };

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
  /** Outputs and tangents from one equation: the rule of primitives that hold jaxprs. Called when at least one operand has a tangent. */
  | {
      readonly kind: 'joint';
      duals(o: Builder, inputs: readonly Atom[], tangents: readonly Tangent[], params: P, passes: DerivativePasses): Duals;
    }
  /** The derivative is zero or does not exist; `reason` says why. */
  | { readonly kind: 'zero'; readonly reason: string };

export interface Duals {
  readonly outputs: readonly Atom[];
  readonly tangents: readonly Tangent[];
}

export interface Call<P extends Params> {
  readonly inputs: readonly Atom[];
  readonly outputs: readonly Atom[];
  readonly params: P;
}

export type PartialRule<P extends Params> = (o: Builder, tangent: Atom, call: Call<P>) => Atom;

export type TransposeRule<P extends Params> =
  | {
      readonly kind: 'rule';
      /** Per operand whether the primitive is linear in it, where it is not in all of them. */
      readonly linearIn?: readonly boolean[];
      /** Whether it is linear in each operand as long as the others are known, like a product. */
      readonly multilinear?: boolean;
      /** Cotangents of the outputs to cotangents of the operands; only those of `LinearOperand`s are used. */
      cotangents(
        o: Builder,
        cotangents: readonly Tangent[],
        inputs: readonly (Atom | LinearOperand)[],
        params: P,
        passes: DerivativePasses,
      ): readonly Tangent[];
    }
  | { readonly kind: 'nonlinear'; readonly reason: string };

/**
 * Divides a call some of whose operands are unknown (they depend on tangents) in two lists of equations: those before read known
 * atoms only; those after may read the unknown ones, and what the first computed (the residuals). Together they define every output
 * of the equation, by its own variable; an output that `before` does not define is unknown.
 */
export type SplitRule = (equation: Equation, unknown: readonly boolean[], passes: DerivativePasses) => SplitEquation;

export interface SplitEquation {
  readonly before: readonly Equation[];
  readonly after: readonly Equation[];
}

/** A jaxpr and its derivative: inputs are the primals, then the tangents that there are; so are the outputs. */
export interface JvpJaxpr {
  readonly jaxpr: Jaxpr;
  /** Which outputs have a tangent. */
  readonly tangents: readonly boolean[];
}

/** What a jaxpr can compute before its unknown inputs are known, and the rest. */
export interface SplitJaxpr {
  /** Known inputs to known outputs, then residuals. */
  readonly known: Jaxpr;
  /** Residuals, then unknown inputs, to unknown outputs. */
  readonly unknown: Jaxpr;
  /** Which outputs are unknown. */
  readonly outputs: readonly boolean[];
  /** The residuals as atoms of `known`: one may be an input of it. */
  readonly residuals: readonly Var[];
}

/** A transposed jaxpr: inputs are those that were not linear, then cotangents of outputs; outputs are cotangents of linear inputs. */
export interface TransposedJaxpr {
  readonly jaxpr: Jaxpr;
  /** For each linear input, whether it has a cotangent; where not, it is zero. */
  readonly cotangents: readonly boolean[];
}

/**
 * The passes of differentiation over whole jaxprs, handed to the rules of primitives that hold jaxprs. All lists of flags have an
 * entry per const and then per input, or per output.
 */
export interface DerivativePasses {
  /** `wanted` outputs get a tangent even where it is zero. */
  jvp(jaxpr: Jaxpr, tangents: readonly boolean[], wanted?: readonly boolean[]): JvpJaxpr;
  /** `wanted` outputs are made unknown even where they are known. */
  split(jaxpr: Jaxpr, unknown: readonly boolean[], wanted?: readonly boolean[]): SplitJaxpr;
  /**
   * Transposes the part that is linear in the `linear` inputs; the rest is computed as it stands. `cotangents` says which outputs
   * have a cotangent; `wanted` (per linear input) get one even where it is zero.
   */
  transpose(
    jaxpr: Jaxpr,
    linear: readonly boolean[],
    cotangents: readonly boolean[],
    wanted?: readonly boolean[],
  ): TransposedJaxpr;
}

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
export interface BatchJaxpr {
  (
    jaxpr: Jaxpr,
    size: number,
    inAxes: readonly BatchAxis[],
    outAxes?: readonly (BatchAxis | undefined)[],
  ): BatchedJaxpr;
  /** By which collectives know the axis; null when it has no name. */
  readonly axisName: string | null;
}

/** Called when at least one operand is mapped, or when the equation names the axis: it is a collective, or holds one in a jaxpr. */
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
  /** It does something besides computing outputs, of which it has none: it is neither dropped nor merged with an equal equation. */
  readonly effect?: boolean;
  /** Without one, an equation with an unknown operand is unknown as a whole. */
  readonly split?: SplitRule;
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
