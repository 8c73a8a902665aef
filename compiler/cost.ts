/** What a jaxpr computes, in scalar operations, counted equation by equation from shapes alone. */
import { ELEMENTWISE } from './primitives/elementwise.ts';
import { calledJaxpr } from './primitives/control/calls.ts';
import type { ConvParams, DimensionNumbers, WindowParams } from './primitives/operations.ts';
import type { Equation, Jaxpr } from './ir/jaxpr.ts';
import type { ScanParams } from './reference/scan.ts';
import type { WhileParams } from './reference/while.ts';
import { sizeOf } from './shape.ts';

export interface EquationCost {
  /** Loops and calls are here, too, and count nothing by themselves. */
  readonly equation: Equation;
  /** How often the scans around it run it. */
  readonly times: number;
  /** Operations of all these runs. */
  readonly flops: number;
  /** It is in a while loop, of which one step is counted. */
  readonly open: boolean;
}

const CONVERSIONS: ReadonlySet<string> = new Set(['convert_element_type', 'bitcast_convert_type']);
const ARITHMETIC: ReadonlySet<string> = new Set(
  [...ELEMENTWISE.map(({ name }) => name), 'threefry2x32'].filter((name) => !CONVERSIONS.has(name)),
);

/**
 * The equations that run: those of a scan `length` times, of a cond those of the branch that does most, of a while loop one step,
 * because nobody knows how many there are.
 */
export function equationCosts(jaxpr: Jaxpr): EquationCost[] {
  return costsOf(jaxpr, 1, false);
}

/** Operations of one call: 2mnk of a matrix product, 1 per element of arithmetic, nothing for what only moves or converts. */
export function flopsOf(jaxpr: Jaxpr): number {
  return total(equationCosts(jaxpr));
}

function costsOf(jaxpr: Jaxpr, times: number, open: boolean): EquationCost[] {
  return jaxpr.equations.flatMap((equation) => [
    { equation, times, flops: times * flopsOfEquation(equation), open },
    ...costsInside(equation, times, open),
  ]);
}

function costsInside(equation: Equation, times: number, open: boolean): EquationCost[] {
  const { primitive, params } = equation;
  const called = calledJaxpr(equation);
  if (called !== undefined) return costsOf(called, times, open);
  switch (primitive.name) {
    case 'scan': {
      const { jaxpr, length } = params as ScanParams;
      return costsOf(jaxpr, times * length, open);
    }
    case 'while': {
      const { condJaxpr, bodyJaxpr } = params as WhileParams;
      return [condJaxpr, bodyJaxpr].flatMap((part) => costsOf(part, times, true));
    }
    case 'cond': {
      const branches = (params['branches'] as readonly Jaxpr[]).map((branch) => costsOf(branch, times, open));
      return branches.reduce((most, branch) => (total(branch) > total(most) ? branch : most));
    }
    default:
      return [];
  }
}

function total(costs: readonly EquationCost[]): number {
  return costs.reduce((sum, { flops }) => sum + flops, 0);
}

function flopsOfEquation({ primitive, inputs, outputs, params }: Equation): number {
  const shape = inputs[0]?.aval.shape ?? [];
  const given = sizeOf(shape);
  const made = outputs.reduce((sum, { aval }) => sum + sizeOf(aval.shape), 0);
  if (primitive.lowering.kind === 'reduce') return Math.max(0, given - made);
  if (ARITHMETIC.has(primitive.name)) return made;
  switch (primitive.name) {
    case 'dot_general': {
      const [[contracted]] = params['dimensionNumbers'] as DimensionNumbers;
      return 2 * made * sizeOf(contracted.map((axis) => shape[axis]!));
    }
    case 'conv_general_dilated': {
      const [, [outFeatures]] = (params as ConvParams).dimensionNumbers;
      const kernel = inputs[1]!.aval.shape;
      return 2 * made * sizeOf(kernel.filter((_, axis) => axis !== outFeatures));
    }
    case 'reduce_window_sum':
    case 'reduce_window_max':
    case 'reduce_window_min':
      return made * (sizeOf((params as WindowParams).windowDimensions) - 1);
    case 'cumsum':
    case 'cumprod':
    case 'cummax':
    case 'cummin':
    case 'cumlogsumexp':
      return given - sizeOf(shape.filter((_, axis) => axis !== params['axis']));
    case 'sort':
      return given * Math.ceil(Math.log2(Math.max(1, shape[params['dimension'] as number] ?? 1)));
    default:
      return 0;
  }
}
