/** Metadata of many Variables at once, and of what initializers make. The counterparts of nnx.set_metadata, nnx.with_metadata. */
import { promiseMetadata } from '../trace/variable.ts';
import type { Metadata, MetadataChanges } from '../trace/variable.ts';
import { rest, toPredicate } from './filters.ts';
import type { Filter } from './filters.ts';
import { readGraph } from './graph.ts';
import type { Initializer } from './initializers.ts';

/** Adds to the metadata of the model's Variables, or of those that `only` chooses. @throws STRUCTURE inside a trace. */
export function setMetadata(model: object, changes: MetadataChanges, { only = rest }: { readonly only?: Filter } = {}): void {
  const chooses = toPredicate(only);
  for (const [path, variable] of readGraph(model).variables) if (chooses(path, variable)) variable.setMetadata(changes);
}

/** An initializer; the Variables that are made of what it gives have this metadata: `withMetadata(lecunNormal(), { tag: 'w' })`. */
export function withMetadata(initializer: Initializer, metadata: Metadata): Initializer {
  return (...args) => {
    const value = initializer(...args);
    promiseMetadata(value, metadata);
    return value;
  };
}
