/** Transformations of a part of the parameters. */
import { userError } from '../trace/user-error.ts';
import { fillLeaves, labelsOf, selectLeaves } from './labels.ts';
import type { Labels } from './labels.ts';
import type { GradientTransformation, OptState } from './transformation.ts';
import { align } from './trees.ts';

/** Which leaves are meant: a tree of booleans, or a function that makes one of the parameters. */
export type Mask = Labels<boolean>;

/** The state of the transformation of the chosen part. optax.MaskedState. */
export interface MaskedState<S = OptState> {
  readonly innerState: S;
}

/** `inner` for the leaves that the mask chooses; other updates stay as they are. optax.masked. @throws PYTREE */
export function masked<S>(inner: GradientTransformation<S>, mask: Mask): GradientTransformation<MaskedState<S>> {
  const kept = (tree: unknown): readonly boolean[] => labelsOf('optax.masked', 'boolean', mask, tree);
  return {
    init: (params) => ({ innerState: inner.init(selectLeaves(params, kept(params))) }),
    update: (updates, { innerState }, params) => {
      const [next, state] = updatePart('optax.masked', inner, kept(updates), updates, innerState, params);
      return [next, { innerState: state }];
    },
  };
}

/** The state of each transformation by its name. optax.MultiTransformState. */
export interface MultiTransformState {
  readonly innerStates: Readonly<Record<string, OptState>>;
}

/**
 * For each leaf the transformation that its label names. optax.multi_transform, also called partition.
 *
 * @throws PYTREE for labels that do not fit the tree; VALUE for a label that names none.
 */
export function multiTransform(
  transforms: Readonly<Record<string, GradientTransformation>>,
  labels: Labels<string>,
): GradientTransformation<MultiTransformState> {
  const name = 'optax.multiTransform';
  const names = Object.keys(transforms);
  const read = (tree: unknown): readonly string[] => {
    const found = labelsOf(name, 'string', labels, tree);
    const unknown = found.find((label) => !names.includes(label));
    if (unknown === undefined) return found;
    throw userError('VALUE', `${name}: a label is '${unknown}', and the transformations are ${names.join(', ') || 'none'}`, {
      fix: `multiTransform({ '${unknown}': sgd(0.1), ... }, labels)`,
    });
  };
  return {
    init: (params) => {
      const found = read(params);
      const states = names.map((own) => [own, transforms[own]!.init(selectLeaves(params, found.map((label) => label === own)))]);
      return { innerStates: Object.fromEntries(states) as Record<string, OptState> };
    },
    update: <U>(updates: U, { innerStates }: MultiTransformState, params: unknown) => {
      const found = read(updates);
      const next: Record<string, OptState> = {};
      let result = updates;
      for (const own of names) {
        const keep = found.map((label) => label === own);
        [result, next[own]] = updatePart(name, transforms[own]!, keep, result, innerStates[own], params);
      }
      return [result, { innerStates: next }];
    },
  };
}

/** `inner` on the kept leaves, the others beside them. */
function updatePart<U, S>(
  name: string,
  inner: GradientTransformation<S>,
  keep: readonly boolean[],
  updates: U,
  state: S,
  params: unknown,
): [U, S] {
  if (params !== undefined) align(name, { updates, params });
  const part = params === undefined ? undefined : selectLeaves(params, keep);
  const [selection, next] = inner.update(selectLeaves(updates, keep), state, part);
  return [fillLeaves(updates, selection, keep), next];
}
