/** Sequential: layers and functions, one after the other. */
import { fail } from '../../numpy/operands.ts';
import { describeValue } from '../../trace/bind.ts';
import { Module } from '../module.ts';
import { nameOf } from './layer.ts';

type Call = (...args: never[]) => unknown;

/** What a Sequential is made of: a module with a `forward`, or a function. */
export type SequentialLayer = Call | (Module & { forward: Call });

type CallOf<L> = L extends { forward: infer F extends Call } ? F : L extends Call ? L : Call;
type First<Layers extends readonly unknown[]> = Layers extends readonly [infer L, ...unknown[]] ? L : Layers[number];
type Last<Layers extends readonly unknown[]> = Layers extends readonly [...unknown[], infer L] ? L : Layers[number];

/** Options for those layers that take them. */
type LayerCallOptions = Readonly<Record<string, unknown>>;

/** What the first layer takes; or its operand, and options. */
export type SequentialArguments<Layers extends readonly SequentialLayer[]> =
  | Parameters<CallOf<First<Layers>>>
  | [x: Parameters<CallOf<First<Layers>>>[0], options: LayerCallOptions];

/**
 * Each layer takes what the one before it gave; an array as several arguments. Options at the end of the call, as in
 * `model.forward(x, { deterministic: true })`, go to each layer whose class names them:
 * `static readonly callOptions: readonly string[] = ['train']`. Those that belong to one layer, such as a mask, no class names.
 * flax.nnx.Sequential, which passes on `rngs` alone.
 */
export class Sequential<const Layers extends readonly SequentialLayer[]> extends Module {
  readonly layers: Layers;

  /** @throws VALUE for what is neither a module with a `forward` nor a function. */
  constructor(...layers: Layers) {
    super();
    for (const [i, layer] of layers.entries()) {
      if (typeof layer === 'function' || typeof (layer as { forward?: unknown } | undefined)?.forward === 'function') continue;
      const problem = `new nnx.Sequential: layer ${i} is ${describeValue(layer)}, neither a module with a forward nor a function`;
      fail('VALUE', problem, 'new nnx.Sequential(new nnx.Linear(2, 3, { rngs }), nn.relu)');
    }
    this.layers = layers;
  }

  /** @throws VALUE for an option that no layer takes. */
  forward(...args: SequentialArguments<Layers>): ReturnType<CallOf<Last<Layers>>>;
  forward(...args: unknown[]): unknown {
    const options = optionsOf(args);
    checkTaken(this, options);
    let given = (options === null ? args : args.slice(0, -1)) as never[];
    let output: unknown = given.length === 1 ? given[0] : given;
    for (const layer of this.layers) {
      output = typeof layer === 'function' ? layer(...given) : layer.forward(...given, ...ownOptions(layer, options));
      given = (Array.isArray(output) ? output : [output]) as never[];
    }
    return output;
  }
}

/** The object of options at the end of the arguments, or null. */
function optionsOf(args: readonly unknown[]): LayerCallOptions | null {
  const last = args.length > 1 ? args.at(-1) : null;
  return last !== null && Object.prototype.toString.call(last) === '[object Object]' ? (last as LayerCallOptions) : null;
}

/** The names of the options that calls of the layer take. */
function namesOf(layer: SequentialLayer): readonly string[] {
  return (layer.constructor as { readonly callOptions?: readonly string[] }).callOptions ?? [];
}

function ownOptions(layer: SequentialLayer, options: LayerCallOptions | null): never[] {
  const own = Object.entries(options ?? {}).filter(([name]) => namesOf(layer).includes(name));
  return own.length === 0 ? [] : [Object.fromEntries(own) as never];
}

/** @throws VALUE */
function checkTaken(model: Sequential<readonly SequentialLayer[]>, options: LayerCallOptions | null): void {
  const known = new Set(model.layers.flatMap(namesOf));
  for (const name of Object.keys(options ?? {})) {
    if (known.has(name)) continue;
    const taken = known.size === 0 ? 'they take none' : `they take ${[...known].join(', ')}`;
    const problem = `${nameOf(model)}: no layer takes the option ${name}; ${taken}`;
    fail('VALUE', problem, `static readonly callOptions: readonly string[] = ['${name}']; // in the class of the layer`);
  }
}
