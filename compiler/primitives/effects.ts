/**
 * Effects: equations without outputs that are there for what the host does with their operands after the call. A pass
 * (transforms/effects.ts) turns them into outputs of the program before it is compiled. The first operand of each is a bool
 * that says whether anything is to be done.
 */
import { HeddleError } from '../errors.ts';
import { aval, showAval } from '../ir/jaxpr.ts';
import type { Aval } from '../ir/jaxpr.ts';
import { mappedAt } from './batching.ts';
import { expectAtLeast, expectCount } from './checks.ts';
import { nonlinear } from './derivatives.ts';
import { definePrimitive } from './primitive.ts';
import type { JvpRule, Lowering, Primitive, TransposeRule } from './primitive.ts';

export type PrintParams = {
  /** `{0}` stands for the operand after the flag, `{1}` for the next; braces of the text itself are doubled. */
  readonly format: string;
  /** For each axis over which the equation was mapped, outermost first: which operands have it. These axes are their first. */
  readonly mapped: readonly (readonly boolean[])[];
};

export type CheckParams = { readonly message: string };

const TAKEN_OUT: Lowering<never> = { kind: 'none', reason: 'its operands become outputs of the program' };
const NO_OUTPUTS: JvpRule<never> = { kind: 'zero', reason: 'it has no outputs' };
const NO_COTANGENTS: TransposeRule<never> = nonlinear('it has no outputs');

function expectFlag(name: string, flag: Aval, fits: boolean): void {
  if (flag.dtype === 'bool' && fits) return;
  throw new HeddleError('DTYPE', `${name}: its first operand is ${showAval(flag)}, not bool[]`, { fix: 'np.any(flags)' });
}

export const debugPrint: Primitive = definePrimitive<PrintParams>({
  name: 'debug_print',
  doc: 'Prints its operands after the first, where that holds; once for each position along the axes over which it was mapped.',
  type(inputs, { mapped }) {
    expectAtLeast('debug_print', inputs, 1);
    const [flag] = inputs as [Aval];
    expectFlag('debug_print', flag, flag.shape.length === mapped.filter(([flagMapped]) => flagMapped).length);
    return [];
  },
  reference: () => [],
  lowering: TAKEN_OUT,
  jvp: NO_OUTPUTS,
  transpose: NO_COTANGENTS,
  effect: true,
  batch(o, inputs, axes, { format, mapped }, size) {
    const inFront = inputs.map((input, i) => (axes[i] === null ? input : mappedAt(o, input, axes[i]!, size, 0)));
    o.bind(debugPrint, inFront, { format, mapped: [axes.map((axis) => axis !== null), ...mapped] });
    return { outputs: [], axes: [] };
  },
  samples: [{ inputs: [aval('bool', []), aval('float32', [2, 3])], params: { format: 'x = {0}', mapped: [] } }],
  domain: [{ low: 0, high: 1 }, { low: -1, high: 1 }],
  tolerance: 0,
});

export const check: Primitive = definePrimitive<CheckParams>({
  name: 'check',
  doc: 'The call fails with the message where the operand holds, in any position of the axes over which it was mapped.',
  type(inputs) {
    expectCount('check', inputs, 1);
    expectFlag('check', inputs[0]!, inputs[0]!.shape.length === 0);
    return [];
  },
  reference([failed], { message }) {
    if (failed!.data[0] !== 0) throw new HeddleError('CHECK', message);
    return [];
  },
  lowering: TAKEN_OUT,
  jvp: NO_OUTPUTS,
  transpose: NO_COTANGENTS,
  effect: true,
  batch(o, [failed], [mapped], params) {
    o.bind(check, [o.reduceOr(failed!, { axes: [mapped!] })], params);
    return { outputs: [], axes: [] };
  },
  samples: [{ inputs: [aval('bool', [])], params: { message: 'it is wrong' } }],
  domain: { low: 0, high: 0 },
  tolerance: 0,
});

export const EFFECTS: readonly Primitive[] = [debugPrint, check];
