/** The sum of a value of a scan's body over all steps, computed outside of the loop. */
import type { DType } from '../dtype.ts';
import { isFloat } from '../dtype.ts';
import { Literal } from '../ir/jaxpr.ts';
import type { Atom, Equation } from '../ir/jaxpr.ts';
import type { DimensionNumbers } from '../primitives/operations.ts';
import type { AllSteps } from './all-steps.ts';

/** The sum of such a value is computed from the sum of its operand. */
const LINEAR: ReadonlySet<string> = new Set([
  'neg', 'transpose', 'reshape', 'slice', 'rev', 'broadcast_in_dim', 'pad', 'convert_element_type',
]);

/**
 * The steps become one more axis that a contraction contracts or that `reduce_sum` reduces, also behind movements of data and in
 * sums, so that the values of a contraction are never there for all steps. `wide` is the dtype in which the sum is wanted: what
 * was computed in float16 and then converted is converted first, for the sum over all steps may be out of the range of float16.
 */
export function total(steps: AllSteps, atom: Atom, wide: DType = atom.aval.dtype): Atom {
  const equation = steps.definition(atom);
  if (equation === undefined || !isSumOfParts(steps, atom)) return sumOf(steps, atom, [], wide);
  const { primitive, inputs, params } = equation;
  const [x, y] = [inputs[0]!, inputs[1]!];
  switch (primitive.name) {
    case 'dot_general':
      return contraction(steps, equation, wide);
    case 'reduce_sum': {
      const axes = params['axes'] as readonly number[];
      return isSumOfParts(steps, x) ? steps.o.reduceSum(total(steps, x, wide), { axes }) : sumOf(steps, x, axes, wide);
    }
    case 'add':
    case 'sub':
      return steps.o.bind(primitive, [total(steps, x, wide), total(steps, y, wide)], params)[0]!;
    case 'pad':
      return steps.o.bind(primitive, [total(steps, x, wide), 0], params)[0]!;
    case 'convert_element_type':
      return x.aval.dtype === 'float16' ? total(steps, x, wide) : converted(steps, total(steps, x), wide);
    default:
      return steps.o.bind(primitive, [total(steps, x, wide)], params)[0]!;
  }
}

/** Whether something better can be done than to sum the values of all steps. */
function isSumOfParts(steps: AllSteps, atom: Atom): boolean {
  const equation = steps.definition(atom);
  if (equation === undefined || !steps.varies(atom)) return false;
  const { primitive, inputs } = equation;
  const [x, y] = [inputs[0]!, inputs[1]!];
  switch (primitive.name) {
    case 'dot_general':
    case 'reduce_sum':
    case 'broadcast_in_dim':
      return true;
    case 'add':
    case 'sub':
      return isSumOfParts(steps, x) || isSumOfParts(steps, y);
    case 'pad':
      return y instanceof Literal && y.value === 0 && isSumOfParts(steps, x);
    case 'convert_element_type':
      return isFloat(x.aval.dtype) && isFloat(atom.aval.dtype) && isSumOfParts(steps, x);
    default:
      return LINEAR.has(primitive.name) && isSumOfParts(steps, x);
  }
}

/** Of two operands that vary, the steps are contracted; if one varies, its sum is contracted with the other. */
function contraction(steps: AllSteps, { inputs, params }: Equation, wide: DType): Atom {
  const [x, y] = [inputs[0]!, inputs[1]!];
  const [contracting, batch] = params['dimensionNumbers'] as DimensionNumbers;
  if (steps.varies(x) && steps.varies(y)) {
    const [lhs, rhs] = [converted(steps, steps.stacked(x), wide), converted(steps, steps.stacked(y), wide)];
    const withSteps = [[0, ...contracting[0].map(next)], [0, ...contracting[1].map(next)]] as const;
    return steps.o.dotGeneral(lhs, rhs, { dimensionNumbers: [withSteps, [batch[0].map(next), batch[1].map(next)]] });
  }
  const once = (operand: Atom): Atom =>
    steps.varies(operand) ? total(steps, operand, wide) : converted(steps, steps.repeated(operand), wide);
  return steps.o.dotGeneral(once(x), once(y), { dimensionNumbers: [contracting, batch] });
}

/** The sum of the values of all steps, and over axes of each. */
function sumOf(steps: AllSteps, atom: Atom, axes: readonly number[], wide: DType): Atom {
  return steps.o.reduceSum(converted(steps, steps.stacked(atom), wide), { axes: [0, ...axes.map(next)] });
}

function converted({ o }: AllSteps, atom: Atom, dtype: DType): Atom {
  return atom.aval.dtype === dtype ? atom : o.convertElementType(atom, { newDtype: dtype, weakType: false });
}

function next(axis: number): number {
  return axis + 1;
}
