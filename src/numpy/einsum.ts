/** Einstein summation. */
import { showShape } from '../../compiler/shape.ts';
import * as lax from '../lax/index.ts';
import { resultType, tensorOf } from '../trace/bind.ts';
import type { Operand } from '../trace/bind.ts';
import type { Tensor } from '../trace/tensor.ts';
import { diagonal } from './diagonals.ts';
import { asDType, fail } from './operands.ts';
import { parseSubscripts } from './subscripts.ts';

/** A tensor with a label for each axis. */
interface Labelled {
  readonly tensor: Tensor;
  readonly labels: readonly string[];
}

/**
 * The sum of products written as subscripts: `'bij,jk->bik'`. A label that the output lacks is summed over; a label twice in an
 * operand is its diagonal; without `->` the output has the labels that occur once, in alphabetical order; `...` stands for
 * leading axes that broadcast. Operands are contracted from left to right, each pair by one dot_general. jax.numpy.einsum.
 *
 * @throws VALUE for subscripts that do not parse; SHAPE when an operand has another rank or a label two extents.
 */
export function einsum(subscripts: string, ...operands: readonly Operand[]): Tensor {
  const tensors = numbers(operands.map(tensorOf));
  const { inputs, output } = parseSubscripts(subscripts, tensors.map((tensor) => tensor.shape));
  const extents = extentsOf(subscripts, tensors, inputs);
  const [first, ...rest] = tensors.map((tensor, i) => withoutRepeats(narrowed({ tensor, labels: inputs[i] ?? [] }, extents)));
  if (first === undefined) return fail('VALUE', 'np.einsum: there is no operand', "np.einsum('ij,jk->ik', x, y)");
  let result = first;
  rest.forEach((next, i) => {
    const later = new Set([...output, ...rest.slice(i + 1).flatMap(({ labels }) => labels)]);
    result = contract(summed(result, [...later, ...next.labels]), summed(next, [...later, ...result.labels]), later);
  });
  const { tensor, labels } = summed(result, output);
  const permutation = output.map((label) => labels.indexOf(label));
  return permutation.every((axis, i) => axis === i) ? tensor : lax.transpose(tensor, permutation);
}

function numbers(tensors: readonly Tensor[]): Tensor[] {
  if (tensors.length === 0) return [];
  const { dtype } = resultType(tensors);
  return tensors.map((tensor) => asDType(tensor, dtype === 'bool' ? 'int32' : dtype));
}

function extentsOf(subscripts: string, tensors: readonly Tensor[], inputs: readonly (readonly string[])[]): Map<string, number> {
  const extents = new Map<string, number>();
  inputs.forEach((labels, i) =>
    labels.forEach((label, axis) => {
      const extent = tensors[i]?.shape[axis] ?? 1;
      const known = extents.get(label);
      const broadcasts = label.startsWith('.') && (extent === 1 || known === 1);
      if (known !== undefined && known !== extent && !broadcasts) {
        const shapes = tensors.map((tensor) => showShape(tensor.shape)).join(' and ');
        const problem = `np.einsum: in '${subscripts}' with shapes ${shapes}, ${label} is both ${known} and ${extent}`;
        const fitting = inputs.map((names) => `np.ones(${showShape(names.map((name) => firstExtent(name, tensors, inputs)))})`);
        fail('SHAPE', problem, `np.einsum('${subscripts}', ${fitting.join(', ')})`);
      }
      extents.set(label, known === undefined || known === 1 ? extent : known);
    }),
  );
  return extents;
}

/** The extent of a label where it occurs first. */
function firstExtent(label: string, tensors: readonly Tensor[], inputs: readonly (readonly string[])[]): number {
  const operand = inputs.findIndex((labels) => labels.includes(label));
  return tensors[operand]?.shape[inputs[operand]?.indexOf(label) ?? 0] ?? 1;
}

/** Without the axes of extent 1 that an ellipsis broadcasts. */
function narrowed({ tensor, labels }: Labelled, extents: ReadonlyMap<string, number>): Labelled {
  const single = labels.flatMap((label, axis) => (tensor.shape[axis] === 1 && extents.get(label) !== 1 ? [axis] : []));
  if (single.length === 0) return { tensor, labels };
  return { tensor: lax.squeeze(tensor, single), labels: labels.filter((_, axis) => !single.includes(axis)) };
}

/** Every label once: of a repeated one the diagonal. */
function withoutRepeats({ tensor, labels }: Labelled): Labelled {
  const repeat = labels.findIndex((label, axis) => labels.indexOf(label) !== axis);
  if (repeat < 0) return { tensor, labels };
  const label = labels[repeat] ?? '';
  const first = labels.indexOf(label);
  const others = labels.filter((_, axis) => axis !== first && axis !== repeat);
  return withoutRepeats({ tensor: diagonal(tensor, { axis1: first, axis2: repeat }), labels: [...others, label] });
}

/** Summed over the labels that nothing else needs. */
function summed({ tensor, labels }: Labelled, needed: readonly string[]): Labelled {
  const axes = labels.flatMap((label, axis) => (needed.includes(label) ? [] : [axis]));
  if (axes.length === 0) return { tensor, labels };
  return { tensor: lax.reduceSum(tensor, axes), labels: labels.filter((label) => needed.includes(label)) };
}

function contract(x: Labelled, y: Labelled, later: ReadonlySet<string>): Labelled {
  const shared = x.labels.filter((label) => y.labels.includes(label));
  const batch = shared.filter((label) => later.has(label));
  const contracting = shared.filter((label) => !later.has(label));
  const axes = ({ labels }: Labelled, wanted: readonly string[]): number[] => wanted.map((label) => labels.indexOf(label));
  const free = ({ labels }: Labelled): string[] => labels.filter((label) => !shared.includes(label));
  return {
    tensor: lax.dotGeneral(x.tensor, y.tensor, [
      [axes(x, contracting), axes(y, contracting)],
      [axes(x, batch), axes(y, batch)],
    ]),
    labels: [...batch, ...free(x), ...free(y)],
  };
}
