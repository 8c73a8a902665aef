/** Functions with a pullback of the user's own. The counterpart of jax.custom_vjp. */
import { isFloat } from '../../compiler/dtype.ts';
import type { Aval, Var } from '../../compiler/ir/jaxpr.ts';
import { findPrimitive } from '../../compiler/primitives/index.ts';
import { readOptions } from '../options.ts';
import { currentValue, readArguments, rebuildArguments } from '../trace/arguments.ts';
import type { Arguments } from '../trace/arguments.ts';
import { bind, located } from '../trace/bind.ts';
import { calleeName } from '../trace/callee.ts';
import { finish, orDrop, stage } from '../trace/stage.ts';
import type { Finished } from '../trace/stage.ts';
import { deliverResults } from '../trace/results.ts';
import { checkStructure } from '../trace/structure.ts';
import type { Tensor } from '../trace/tensor.ts';
import { withTrace } from '../trace/trace.ts';
import { userError } from '../trace/user-error.ts';
import { RuleLevels, bindSealed } from './custom-levels.ts';
import {
  expectPair, nameIn, partJaxpr, resultsOf, ruleError, sameOutputs, sameWrites, shareCaptures, traceCustom,
} from './custom-parts.ts';
import type { CustomCall } from './custom-parts.ts';
import { argumentTrees, readBesideArguments, readTensors, treeBesideOutputs } from './custom-trees.ts';
import type { ArgumentTree } from './custom-trees.ts';
import type { Differentiable, Gradient, Tangents } from './types.ts';

export interface CustomVjpOptions {
  /** The positions of arguments that have no cotangent; `bwd` gets them first. */
  readonly nondiffArgnums?: readonly number[];
}

/**
 * `f` with the pullback that `fwd` and `bwd` say. `fwd(...args)` returns `[out, residuals]`: what `f` returns, and any tree of what
 * `bwd` needs. `bwd(residuals, cotangent)` gets a tree like `out` (null for what is no float) and returns an array with a cotangent
 * for each argument, a tree like it, in which null is zero (a State for a module). With `nondiffArgnums`, `bwd` gets these
 * arguments before the residuals, and returns cotangents for the others. Forward mode through the result is an error; `customJvp`
 * serves both modes.
 *
 * All three are traced at every call; numbers and other static arguments are themselves in them. `fwd` and `bwd` may call the
 * function that they belong to, which then can be differentiated three times. `f` and `fwd` write the same Variables, which have
 * no cotangents; `bwd` writes none.
 *
 * @throws CUSTOM_RULE for results of `fwd` or `bwd` that do not fit, with a line per path, and when something is differentiated
 * that one of the functions captured, or that `nondiffArgnums` names.
 */
export function customVjp<A extends unknown[], R, Residuals>(
  f: (...args: A) => R,
  fwd: (...args: A) => readonly [out: R, residuals: Residuals],
  bwd: (residuals: Residuals, cotangent: Gradient<R>) => Tangents<A>,
): (...args: A) => R;
export function customVjp<A extends unknown[], R>(
  f: (...args: A) => R,
  fwd: (...args: A) => readonly [out: R, residuals: unknown],
  bwd: (...args: never[]) => readonly unknown[],
  options: CustomVjpOptions,
): (...args: A) => R;
export function customVjp(
  f: Differentiable,
  fwd: Differentiable,
  bwd: Differentiable,
  options: CustomVjpOptions = {},
): Differentiable {
  const label = calleeName('customVjp', f, FIX);
  for (const rule of [fwd, bwd]) calleeName('customVjp', rule, FIX);
  const { nondiffArgnums } = readOptions<Required<CustomVjpOptions>>('customVjp', options, { nondiffArgnums: [] });
  const levels = new RuleLevels();
  const call = (...args: readonly unknown[]): unknown =>
    located(() => {
      const traced = traceCustom(`customVjp(${label})`, f, args);
      checkPositions(traced, nondiffArgnums);
      if (levels.atEnd) return deliverResults(traced, bindSealed(label, traced));
      const rules = levels.inside(() => traceRules(traced, fwd, bwd, nondiffArgnums));
      return deliverResults(traced, bindWithRules(label, traced, rules));
    });
  return Object.defineProperty(call, 'name', { value: f.name });
}

const FIX = 'customVjp((x) => np.sin(x), (x) => [np.sin(x), x], (x, ct) => [ct.mul(np.cos(x))])';

interface Rules {
  readonly fwd: Finished;
  readonly bwd: Finished;
  /** How many inputs of `bwd` are residuals. */
  readonly residuals: number;
  /** The places of the operands that have cotangents, if they are floats. */
  readonly smooth: readonly number[];
}

function traceRules(call: CustomCall, fwd: Differentiable, bwd: Differentiable, nondiff: readonly number[]): Rules {
  const trees = argumentTrees(call).filter((_, position) => !nondiff.includes(position));
  const places = trees.flatMap(({ leaves }) => leaves.flatMap((leaf) => leaf.places));
  const smooth = [...new Set(places)].filter((place) => place >= 0);
  const forward = traceForward(call, fwd, nondiff);
  return { fwd: forward.finished, bwd: traceBackward(call, bwd, forward, trees, smooth), residuals: forward.types.length, smooth };
}

function bindWithRules(label: string, call: CustomCall, { fwd, bwd, residuals, smooth }: Rules): Tensor[] {
  const { finished, operands, plan } = call;
  const captures = shareCaptures([finished, fwd, bwd]);
  const fixed = operands.map((_, place) => place).filter((place) => !smooth.includes(place));
  const inOrder = <T>(items: readonly T[]): T[] => [...fixed, ...smooth].map((place) => items[place]!);
  const inputsOf = (part: Finished): Var[] => [...captures.inputsOf(part), ...inOrder(part.inputs)];
  const jaxpr = partJaxpr(finished, inputsOf(finished), resultsOf(finished));
  if (jaxpr.outputs.length === 0) return [];
  const forwardInputs = inputsOf(fwd);
  const forward = partJaxpr(fwd, forwardInputs, [
    ...fwd.outputs.slice(0, plan.count),
    ...sameWrites(call, 'fwd', fwd),
    ...fwd.outputs.slice(plan.count),
    // What bwd captured reaches it as residuals.
    ...captures.placesOf(bwd).map((place) => forwardInputs[place]!),
  ]);
  const captured = bwd.captures.map(({ input }) => input);
  const given = [...bwd.inputs.slice(0, residuals), ...captured, ...bwd.inputs.slice(residuals)];
  const backward = partJaxpr(bwd, given, bwd.outputs);
  const params = { name: label, jaxpr, fwd: forward, bwd: backward, numConsts: captures.operands.length + fixed.length };
  return bind(findPrimitive('custom_vjp_call')!, [...captures.operands, ...inOrder(operands)], params);
}

interface Forward {
  readonly finished: Finished;
  /** What `bwd` is given before the cotangent, and the types of the tensors in it. */
  readonly kept: Arguments;
  readonly types: readonly Aval[];
}

/** `fwd` on the arguments: the outputs, then what `bwd` is given before the cotangent. */
function traceForward(call: CustomCall, fwd: Differentiable, nondiff: readonly number[]): Forward {
  const { name, inputs, operands } = call;
  const staged = stage(`${name}’s fwd`, operands.map(({ aval }) => aval), (tracers, trace) => {
    const given = rebuildArguments(inputs, tracers, trace);
    return { given, result: fwd(...(given as never[])) };
  });
  return orDrop(staged.trace, () => {
    checkStructure(inputs, name);
    const { given, result } = staged.result;
    const [out, residuals] = expectPair(name, 'fwd must return [out, residuals]', result, 'return [out, residuals];');
    const values = sameOutputs(call, 'fwd', out, staged.trace);
    const kept = withTrace(staged.trace, () => readArguments([...nondiff.map((position) => given[position]), residuals]));
    const saved = withTrace(staged.trace, () => kept.traced.map((leaf) => currentValue(leaf)));
    return { finished: finish(staged, [...values, ...saved]), kept, types: saved.map(({ aval }) => aval) };
  });
}

/** `bwd` on what `fwd` kept, and on cotangents for the floats that the function computes; what it writes has none. */
function traceBackward(
  call: CustomCall,
  bwd: Differentiable,
  { kept, types }: Forward,
  trees: readonly ArgumentTree[],
  smooth: readonly number[],
): Finished {
  const { name, outputs, operands, plan } = call;
  const cotangents = outputs.slice(0, plan.count).filter(({ dtype }) => isFloat(dtype));
  const staged = stage(`${name}’s bwd`, [...types, ...cotangents], (tracers, trace) => {
    const given = rebuildArguments(kept, tracers.slice(0, types.length), trace);
    return bwd(...(given as never[]), treeBesideOutputs(call, tracers.slice(types.length)) as never);
  });
  const { trace, result } = staged;
  return orDrop(trace, () => {
    if (trace.written.length > 0) {
      const written = trace.written.map((variable) => `${nameIn(call, variable)}: written by bwd`);
      throw ruleError(`${name}: bwd must write no Variables`, written, 'write them in f and in fwd');
    }
    const names = { call: name, tree: 'arguments', beside: 'cotangents', fix: 'return [ct, null]; // one for each argument' };
    return finish(staged, withTrace(trace, () => {
      const beside = readBesideArguments(names, trees, result);
      const found = new Map(smooth.flatMap((place, i) => (beside.has(place) ? [[i, beside.get(place)!] as const] : [])));
      return readTensors(names, smooth.map((place) => operands[place]!.aval), found);
    }));
  });
}

function checkPositions({ name, args }: CustomCall, nondiff: readonly number[]): void {
  const absent = nondiff.find((position) => !(position in args));
  if (absent === undefined) return;
  throw userError('VALUE', `${name}: nondiffArgnums names argument ${absent}, and the call has ${args.length}`, {
    fix: 'customVjp(f, fwd, bwd, { nondiffArgnums: [0] })',
  });
}
