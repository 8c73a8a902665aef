/** What the layers share: how they read their options, check their input and name themselves in errors. */
import type { DType } from '../../../compiler/dtype.ts';
import { sizeOf } from '../../../compiler/shape.ts';
import { fail } from '../../numpy/operands.ts';
import { knownDType, readOptions } from '../../options.ts';
import { describeValue } from '../../trace/bind.ts';
import { currentPath } from '../../trace/path.ts';
import { typeName } from '../../trace/printing.ts';
import type { Tensor } from '../../trace/tensor.ts';
import type { Module } from '../module.ts';
import type { KeySource } from '../rngs.ts';

/** What every layer with parameters takes. */
export interface LayerOptions {
  /** The dtype to compute in; by default the one that input and parameters promote to. */
  readonly dtype?: DType | null;
  /** The dtype of the parameters; default float32. */
  readonly paramDtype?: DType;
  /** Where the initializers' keys come from: its stream `params`. */
  readonly rngs: KeySource;
}

/** The options of a constructor but `rngs`, complete. @throws VALUE for an unknown option, RNG without `rngs`. */
export function constructorOptions<Options extends { readonly rngs: KeySource }>(
  layer: string,
  options: Options,
  defaults: Required<Omit<Options, 'rngs'>>,
): Required<Omit<Options, 'rngs'>> {
  const call = `new nnx.${layer}`;
  const { rngs, ...given } = options ?? {};
  const choices = readLayerOptions(call, given as Partial<Required<Omit<Options, 'rngs'>>>, defaults);
  if (typeof (rngs as KeySource | undefined)?.makeRng === 'function') return choices;
  const problem = `${call}: its parameters begin with keys from rngs, which is ${describeValue(rngs)}`;
  return fail('RNG', problem, `${call}(..., { rngs: new nnx.Rngs(0) })`);
}

/** `readOptions`, where a `dtype` of null is the default and `paramDtype` is a dtype, too. @throws VALUE, DTYPE */
export function readLayerOptions<Options extends object>(call: string, given: Partial<Options>, defaults: Options): Options {
  const { dtype, paramDtype } = given as { readonly dtype?: unknown; readonly paramDtype?: unknown };
  if (paramDtype !== undefined) knownDType(call, paramDtype, (known) => `${call}(..., { paramDtype: '${known}' })`);
  return readOptions(call, dtype === null ? { ...given, dtype: undefined } : given, defaults);
}

/** An option that is one number or several. */
export function listOf(value: number | readonly number[]): readonly number[] {
  return typeof value === 'number' ? [value] : value;
}

/** The layer by class and path, for errors: `Linear at 'layers/linear'`. */
export function nameOf(layer: Module): string {
  const [path, type] = [currentPath(), typeName(layer.constructor)];
  return path === '' || path === type ? type : `${type} at '${path}'`;
}

/**
 * `features` is how many there are on each axis, or on all of them together; `fix` makes the layer that fits.
 *
 * @throws SHAPE unless the axes of the input have as many.
 */
export function checkFeatures(
  layer: Module,
  x: Tensor,
  axes: readonly number[],
  features: number | readonly number[],
  fix: (...found: readonly number[]) => string,
): void {
  const found = axes.map((axis) => x.shape.at(axis));
  const known = found.filter((extent) => extent !== undefined);
  const fits = typeof features === 'number' ? sizeOf(known) === features : known.every((extent, i) => extent === features[i]);
  if (fits && known.length === axes.length) return;
  const show = (list: readonly (number | string)[]): string => (list.length === 1 ? String(list[0]) : `[${list.join(',')}]`);
  const place = `${axes.length === 1 ? 'axis' : 'axes'} ${show(axes)}`;
  const wanted = typeof features === 'number' ? features : show(features);
  const has = `the input ${x.describe()} has ${show(found.map((extent) => extent ?? 'no'))} features on ${place}`;
  fail('SHAPE', `${nameOf(layer)}: ${has}; the layer takes ${wanted}`, fix(...found.map((extent) => extent ?? 1)));
}
