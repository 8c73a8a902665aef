/** The order in which threefry numbers its counters. Values differ between layouts; keys of foldIn do not. */

/**
 * `partitionable`: element i is a function of i alone, JAX's default since 0.5. `original`: counters are hashed in two halves.
 */
export type Layout = 'partitionable' | 'original';

let layout: Layout = 'partitionable';

export function currentLayout(): Layout {
  return layout;
}

/** Runs `f` with random values in another layout, as under jax_threefry_partitionable. It holds while `f` runs or is traced. */
export function withLayout<T>(wanted: Layout, f: () => T): T {
  const outer = layout;
  layout = wanted;
  try {
    return f();
  } finally {
    layout = outer;
  }
}
