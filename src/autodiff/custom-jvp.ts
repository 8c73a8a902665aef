/** Functions with a derivative of the user's own, for both modes. The counterpart of jax.custom_jvp. */
import { isFloat } from '../../compiler/dtype.ts';
import { findPrimitive } from '../../compiler/primitives/index.ts';
import { rebuildArguments } from '../trace/arguments.ts';
import { bind, located } from '../trace/bind.ts';
import { calleeName } from '../trace/callee.ts';
import { finish, orDrop, stage } from '../trace/stage.ts';
import type { Finished } from '../trace/stage.ts';
import { deliverResults } from '../trace/results.ts';
import { checkStructure } from '../trace/structure.ts';
import type { Tensor } from '../trace/tensor.ts';
import { withTrace } from '../trace/trace.ts';
import { RuleLevels, bindSealed } from './custom-levels.ts';
import {
  expectPair, partJaxpr, resultsOf, sameOutputs, sameWrites, shareCaptures, traceCustom,
} from './custom-parts.ts';
import type { CustomCall } from './custom-parts.ts';
import { argumentTrees, readBesideOutputs, treeBeside } from './custom-trees.ts';
import type { AllGradients, Differentiable, Tangent } from './types.ts';

/**
 * `f` with the derivative that `rule` says. `rule(primals, tangents)` gets the arguments of `f` and a tangent for each, a tree of
 * the same structure (null for what is no float, a State for a module), and returns `[out, tangentOut]`: what `f` returns, and a
 * tree like it, linear in the tangents, in which null is zero. Reverse mode transposes the rule. Both functions are traced at
 * every call; numbers and other static arguments are themselves in both. The rule may call the function that it belongs to,
 * which then can be differentiated three times.
 *
 * A Variable that `f` writes, the rule writes too; what is written has no tangent.
 *
 * @throws CUSTOM_RULE for a rule whose results do not fit those of `f`, with a line per path, and when something is differentiated
 * that `f` or the rule captured.
 */
export function customJvp<A extends unknown[], R>(
  f: (...args: A) => R,
  rule: (primals: A, tangents: AllGradients<A>) => readonly [out: R, tangentOut: Tangent<R>],
): (...args: A) => R {
  const label = calleeName('customJvp', f, FIX);
  calleeName('customJvp', rule, FIX);
  const levels = new RuleLevels();
  const call = (...args: A): R =>
    located(() => {
      const traced = traceCustom(`customJvp(${label})`, f as Differentiable, args);
      if (levels.atEnd) return deliverResults(traced, bindSealed(label, traced)) as R;
      return deliverResults(traced, bindWithRule(label, traced, rule as unknown as Rule, levels)) as R;
    });
  return Object.defineProperty(call, 'name', { value: f.name });
}

const FIX = 'customJvp((x) => np.sin(x), ([x], [t]) => [np.sin(x), t.mul(np.cos(x))])';

type Rule = (primals: readonly unknown[], tangents: readonly unknown[]) => unknown;

function bindWithRule(label: string, call: CustomCall, rule: Rule, levels: RuleLevels): Tensor[] {
  const { finished, operands, plan } = call;
  const ruled = levels.inside(() => traceRule(call, rule));
  const captures = shareCaptures([finished, ruled]);
  const jaxpr = partJaxpr(finished, [...captures.inputsOf(finished), ...finished.inputs], resultsOf(finished));
  if (jaxpr.outputs.length === 0) return [];
  const jvp = partJaxpr(
    ruled,
    [...captures.inputsOf(ruled), ...ruled.inputs],
    [...ruled.outputs.slice(0, plan.count), ...sameWrites(call, 'the rule', ruled), ...ruled.outputs.slice(plan.count)],
  );
  const params = { name: label, jaxpr, jvp, numConsts: captures.operands.length };
  return bind(findPrimitive('custom_jvp_call')!, [...captures.operands, ...operands], params);
}

/** The rule on the arguments and their tangents: the outputs, then a tangent for each float among them. */
function traceRule(call: CustomCall, rule: Rule): Finished {
  const { name, inputs, operands } = call;
  const avals = operands.map(({ aval }) => aval);
  const moving = avals.filter(({ dtype }) => isFloat(dtype));
  const staged = stage(`${name}’s rule`, [...avals, ...moving], (tracers, trace) => {
    const primals = rebuildArguments(inputs, tracers.slice(0, avals.length), trace);
    const tangents = tracers.slice(avals.length).values();
    const beside = avals.map(({ dtype }) => (isFloat(dtype) ? tangents.next().value! : null));
    return rule(primals, argumentTrees(call).map((tree) => treeBeside(tree, (place) => beside[place]!)));
  });
  return orDrop(staged.trace, () => {
    checkStructure(inputs, name);
    const fix = 'return [out, tangentOut]; // tangentOut is a tree like out';
    const [out, tangentOut] = expectPair(name, 'the rule must return [out, tangentOut]', staged.result, fix);
    const values = sameOutputs(call, 'the rule', out, staged.trace);
    const names = { call: name, tree: 'outputs', beside: 'tangents', fix };
    const tangents = withTrace(staged.trace, () => readBesideOutputs(names, call, tangentOut));
    return finish(staged, [...values, ...tangents]);
  });
}
