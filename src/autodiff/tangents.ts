/** The tangents of a call's arguments. */
import type { Aval } from '../../compiler/ir/jaxpr.ts';
import type { Arguments } from '../trace/arguments.ts';
import type { Tensor } from '../trace/tensor.ts';
import { userError } from '../trace/user-error.ts';
import { besideVariables, expectNothing, tensorBeside } from './beside.ts';
import type { Beside, Names } from './beside.ts';
import { isHolder } from './leaves.ts';

/** What stands beside each leaf, of modules and States beside each Variable; `found` stands beside the leaves. @throws PYTREE */
export function besideEach(names: Names, leaves: readonly unknown[], found: readonly Beside[]): Beside[] {
  return leaves.flatMap((leaf, i) => (isHolder(leaf) ? besideVariables(names, leaf, found[i]!) : [found[i]!]));
}

/**
 * The tangent of each traced leaf, which are of these avals; null where it is zero. @throws SHAPE, DTYPE; ALIASING for two
 * tangents of one Variable.
 */
export function directionsOf(
  names: Names,
  inputs: Arguments,
  avals: readonly Aval[],
  beside: readonly Beside[],
): (Tensor | null)[] {
  const given = inputs.traced.map((): { readonly tensor: Tensor; readonly path: string } | null => null);
  inputs.places.forEach((place, i) => {
    if (place < 0) {
      expectNothing(names, beside[i]!, inputs.leaves[i]);
      return;
    }
    const [{ path }, known] = [beside[i]!, given[place]];
    const tensor = tensorBeside(names, beside[i]!, avals[place]!);
    if (tensor === null) return;
    if (known !== null && known !== undefined) {
      throw userError('ALIASING', `${names.call}: one Variable has a tangent at ${known.path} and another at ${path}`, {
        fix: 'null in one of the two places',
      });
    }
    given[place] = { tensor, path };
  });
  return given.map((direction) => direction?.tensor ?? null);
}
