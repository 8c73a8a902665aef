/** Stacks of transforms over layers, drawn at random. */
import fc from 'fast-check';
import { LAYERS } from './layers.ts';
import type { STATEFUL } from './layers.ts';

/** How a transformed function reaches the Cell; with `both` it is passed, and used as a captured object nevertheless. */
export type Reach = 'argument' | 'captured' | 'both';

interface Transform {
  readonly of: Stack;
  /** The body also uses what flows into the transform, as a closure over its tracers. */
  readonly closes: boolean;
}

/** Copies of the body in a step of a scan. */
type Unroll = 1 | 2 | true;

export type Stack =
  | { readonly kind: 'layer'; readonly name: string }
  | { readonly kind: 'stateful'; readonly name: keyof typeof STATEFUL }
  | { readonly kind: 'then'; readonly first: Stack; readonly second: Stack }
  | (Transform & { readonly kind: 'jit'; readonly reach: Reach })
  | (Transform & { readonly kind: 'scan'; readonly reach: Reach; readonly length: number; readonly reverse: boolean; readonly unroll: Unroll })
  | (Transform & { readonly kind: 'for'; readonly reach: Reach; readonly length: number })
  /** As often as the counter says. */
  | (Transform & { readonly kind: 'while'; readonly reach: Reach })
  | (Transform & { readonly kind: 'cond'; readonly reach: Reach; readonly otherwise: Stack })
  /** Two rows; with `own`, each has a Cell of its own, which is passed. */
  | (Transform & { readonly kind: 'vmap'; readonly own: boolean; readonly reach: Reach; readonly inAxis: number; readonly outAxis: number });

/** What may be written: under a vmap that does not map the Cell, only what is the same for all rows. */
type Writes = 'all' | 'unmapped' | 'none';

export function stacks(depth: number = 3): fc.Arbitrary<Stack> {
  return stacksIn(depth, 'all').map((stack) => Object.assign(stack, { [fc.toStringMethod]: () => show(stack) }));
}

function stacksIn(depth: number, writes: Writes): fc.Arbitrary<Stack> {
  const layer = fc.constantFrom(...Object.keys(LAYERS)).map((name): Stack => ({ kind: 'layer', name }));
  const names = { all: ['read', 'tick', 'drift'], unmapped: ['read', 'tick'], none: ['read'] } as const;
  const stateful = fc.constantFrom(...names[writes]).map((name): Stack => ({ kind: 'stateful', name }));
  if (depth === 0) return fc.oneof({ arbitrary: layer, weight: 3 }, { arbitrary: stateful, weight: 2 });
  const below = stacksIn(depth - 1, writes);
  const reach = fc.constantFrom<Reach>('captured', 'argument', 'both');
  const closes = fc.boolean();
  const axis = fc.integer({ min: -2, max: 1 });
  const own = writes === 'all' ? fc.boolean() : fc.constant(false);
  const branch = writes === 'all' ? below : stacksIn(depth - 1, 'none');
  const mapped = own.chain((isOwn) =>
    fc.record({
      kind: fc.constant('vmap' as const),
      of: isOwn ? below : stacksIn(depth - 1, writes === 'none' ? 'none' : 'unmapped'),
      closes,
      own: fc.constant(isOwn),
      reach,
      inAxis: axis,
      outAxis: axis,
    }),
  );
  const length = fc.integer({ min: 0, max: 3 });
  const unroll = fc.constantFrom<Unroll>(1, 2, true);
  return fc.oneof(
    fc.record({ kind: fc.constant('then' as const), first: below, second: below }),
    fc.record({ kind: fc.constant('jit' as const), of: below, closes, reach }),
    fc.record({ kind: fc.constant('scan' as const), of: below, closes, reach, length, reverse: fc.boolean(), unroll }),
    fc.record({ kind: fc.constant('for' as const), of: below, closes, reach, length: fc.integer({ min: 0, max: 2 }) }),
    fc.record({ kind: fc.constant('while' as const), of: branch, closes, reach }),
    fc.record({ kind: fc.constant('cond' as const), of: branch, otherwise: branch, closes, reach }),
    mapped,
  );
}

/** `scan3(jit(tanh); drift)`, with the options in brackets. */
export function show(stack: Stack): string {
  switch (stack.kind) {
    case 'layer':
    case 'stateful':
      return stack.name;
    case 'then':
      return `${show(stack.first)}; ${show(stack.second)}`;
    default: {
      const { kind, of, ...options } = stack;
      const shown = Object.entries(options).map(([name, value]) => `${name}=${typeof value === 'object' ? show(value) : value}`);
      return `${kind}[${shown.join(' ')}](${show(of)})`;
    }
  }
}
