/** scanLayers: applies a stack of modules, one after the other, as one loop. */
import { scan } from '../control/scan.ts';
import type { ScanOptions } from '../control/scan.ts';
import type { Returned, Traced } from '../control/traced.ts';
import { readOptions } from '../options.ts';
import { located } from '../trace/bind.ts';
import { describeValue } from '../trace/literal.ts';
import { userError } from '../trace/user-error.ts';

/** As of lax.scan. */
export interface ScanLayersOptions extends Omit<ScanOptions, 'length'> {
  /** `f` returns `[x, y]`, and the result is `[x, ys]` with the y of every layer, stacked. */
  readonly hasAux?: boolean;
}

type LayersChoices = Required<ScanLayersOptions>;

/**
 * `x = f(x, layer)` for each of the layers that `nnx.repeat` stacked; inside `f` the module is that layer: its Variables are slices
 * of the stacked ones, and what is written to them comes back stacked. `layers` may be any tree, such as `[blocks, caches]`. With
 * `reverse` the last layer comes first; the other options are those of `lax.scan`, `xsAxes` for `layers`.
 *
 * @throws CARRY when `f` changes the structure, shape or dtype of x; SHAPE when leading axes differ.
 */
export function scanLayers<const L, const C>(
  layers: L,
  f: (x: Traced<C>, layer: Traced<L>) => Returned<C>,
  x: C,
  options?: ScanLayersOptions & { readonly hasAux?: false },
): Traced<C>;
export function scanLayers<const L, const C, Y>(
  layers: L,
  f: (x: Traced<C>, layer: Traced<L>) => readonly [Returned<C>, Y],
  x: C,
  options: ScanLayersOptions & { readonly hasAux: true },
): [x: Traced<C>, ys: Traced<Y>];
export function scanLayers(
  layers: unknown,
  f: (x: unknown, layer: unknown) => unknown,
  x: unknown,
  options: ScanLayersOptions = {},
): unknown {
  return located(() => {
    if (typeof f !== 'function') {
      throw userError('VALUE', `nnx.scanLayers: ${describeValue(f)} is not a function of x and a layer`, {
        fix: 'nnx.scanLayers(layers, (x, layer) => layer.forward(x), x)',
      });
    }
    const defaults: LayersChoices = { reverse: false, unroll: 1, checkpoint: false, xsAxes: 0, hasAux: false };
    const { hasAux, ...scanned } = readOptions<LayersChoices>('nnx.scanLayers', options, defaults);
    const step = (carry: unknown, layer: unknown): readonly [unknown, unknown] =>
      hasAux ? (f(carry, layer) as [unknown, unknown]) : [f(carry, layer), null];
    const [last, ys] = scan(Object.defineProperty(step, 'name', { value: f.name || 'layer' }), x, layers, scanned);
    return hasAux ? [last, ys] : last;
  });
}
