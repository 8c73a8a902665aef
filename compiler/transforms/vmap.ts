/** vmap: from a jaxpr to the jaxpr that maps it over an axis, by the batch rule of every primitive. */
import { HeddleError } from '../errors.ts';
import { Builder } from '../ir/builder.ts';
import { Literal, Var } from '../ir/jaxpr.ts';
import type { Atom, Equation, Jaxpr } from '../ir/jaxpr.ts';
import { insertAt, mappedAt } from '../primitives/batching.ts';
import type { BatchAxis, BatchJaxpr, Batched, BatchedJaxpr } from '../primitives/primitive.ts';
import { namesAxis } from './axis-names.ts';

interface Mapped {
  readonly atom: Atom;
  readonly axis: BatchAxis;
}

/**
 * The jaxpr mapped over an axis of `size`. `inAxes` has an entry for every const and then every input: where the mapped axis
 * is, or `null`. `outAxes` says where an output must have it (an unmapped output is broadcast); `null` demands an unmapped
 * output, and a missing entry takes the axis where it falls. Equations keep their source and path. What does not depend on a
 * mapped input is computed once. Collectives over an axis called `axisName` are resolved.
 */
export function batchJaxpr(
  jaxpr: Jaxpr,
  size: number,
  inAxes: readonly BatchAxis[],
  outAxes: readonly (BatchAxis | undefined)[] = [],
  axisName: string | null = null,
): BatchedJaxpr {
  const o = new Builder();
  const inside: BatchJaxpr = Object.assign(
    (...[inner, innerSize, axes, wanted]: Parameters<BatchJaxpr>) => batchJaxpr(inner, innerSize, axes, wanted, axisName),
    { axisName },
  );
  const values = new Map<Var, Mapped>();
  const bind = (variable: Var, i: number): Var => {
    const axis = inAxes[i] ?? null;
    const { aval } = variable;
    const mapped = new Var(axis === null ? aval : { ...aval, shape: insertAt(aval.shape, axis, size) });
    values.set(variable, { atom: mapped, axis });
    return mapped;
  };
  const read = (atom: Atom): Mapped => (atom instanceof Literal ? { atom, axis: null } : lookUp(values, atom));
  const consts = jaxpr.consts.map(bind);
  const inputs = jaxpr.inputs.map((variable, i) => bind(variable, consts.length + i));
  for (const equation of jaxpr.equations) {
    const { outputs, axes } = batchEquation(o, equation, equation.inputs.map(read), size, inside);
    equation.outputs.forEach((output, i) => values.set(output, { atom: outputs[i]!, axis: axes[i]! }));
  }
  o.source = undefined;
  o.path = '';
  const outputs = jaxpr.outputs.map((output, i) => settle(o, read(output), size, outAxes[i], i));
  return { jaxpr: o.build(consts, inputs, outputs.map(({ atom }) => atom)), outAxes: outputs.map(({ axis }) => axis) };
}

function batchEquation(o: Builder, equation: Equation, operands: readonly Mapped[], size: number, inside: BatchJaxpr): Batched {
  const { primitive, params, source, path } = equation;
  o.source = source;
  o.path = path;
  const atoms = operands.map(({ atom }) => atom);
  const axes = operands.map(({ axis }) => axis);
  if (axes.some((axis) => axis !== null) || namesAxis(equation, inside.axisName)) {
    return primitive.batch(o, atoms, axes, params, size, inside);
  }
  const outputs = o.bind(primitive, atoms, params);
  return { outputs, axes: outputs.map(() => null) };
}

/** The output with its mapped axis where it is wanted. */
function settle(o: Builder, { atom, axis }: Mapped, size: number, wanted: BatchAxis | undefined, position: number): Mapped {
  if (wanted === undefined || wanted === axis) return { atom, axis };
  if (wanted === null) {
    throw new HeddleError('VMAP_AXIS', `vmap: output ${position} depends on a mapped input, so its out axis cannot be null`, {
      fix: 'outAxes: 0',
    });
  }
  return { atom: mappedAt(o, atom, axis, size, wanted), axis: wanted };
}

function lookUp(values: ReadonlyMap<Var, Mapped>, variable: Var): Mapped {
  const value = values.get(variable);
  if (value === undefined) throw new HeddleError('INTERNAL', 'vmap: an equation reads a variable that nothing defined');
  return value;
}
