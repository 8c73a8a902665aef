/** lax.whileLoop: a loop whose end depends on what it computes. */
import { Jaxpr, Var, showAval } from '../../compiler/ir/jaxpr.ts';
import type { Literal } from '../../compiler/ir/jaxpr.ts';
import { findPrimitive } from '../../compiler/primitives/index.ts';
import type { WhileParams } from '../../compiler/reference/while.ts';
import { runsStepByStep } from '../disable-jit.ts';
import { readOptions } from '../options.ts';
import { bind, located } from '../trace/bind.ts';
import type { Operand } from '../trace/bind.ts';
import { calleeName } from '../trace/callee.ts';
import { describeValue } from '../trace/literal.ts';
import { SownSlot } from '../trace/sown.ts';
import { finish, orDrop, stage } from '../trace/stage.ts';
import type { Finished } from '../trace/stage.ts';
import { checkStructure } from '../trace/structure.ts';
import type { Tensor } from '../trace/tensor.ts';
import { currentTrace, withTrace } from '../trace/trace.ts';
import type { Trace } from '../trace/trace.ts';
import { userError } from '../trace/user-error.ts';
import { writeIn } from '../trace/write.ts';
import { initialCarry, nextCarry, readCarry, rebuildCarry, settleCarry } from './carry.ts';
import type { Carry } from './carry.ts';
import { isOperand, outputValue, readOperands, rebuildOperands } from './operands.ts';
import type { Operands } from './operands.ts';
import { stepWhile } from './stepping.ts';
import type { Returned, Traced } from './traced.ts';
import { carriedWrites, checkRoles, inputsOf, nameOf, outersOf } from './writes.ts';

export interface WhileOptions {
  /** The loop ends after so many iterations, though its condition still holds. */
  readonly maxIterations?: number;
}

const EXAMPLE = 'lax.whileLoop((x) => np.less(x, 10), (x) => x.mul(2), 1)';

interface WhileChoices {
  readonly maxIterations: number | undefined;
}

/**
 * The carry after `carry = body(carry)` for as long as `cond(carry)`, a bool scalar, holds. Numbers in the carry are weakly typed
 * tensors. Variables that `body` writes become carries, which `cond` sees; `cond` may write none. With `jvp` differentiable, with
 * `grad` not: the number of iterations is not known beforehand. The counterpart of jax.lax.while_loop.
 *
 * @throws CARRY when the carry's structure, shapes or dtypes change, with one difference per path; SHAPE or DTYPE for a condition
 * that is no bool scalar; STATE_WRITE for a write in it.
 */
export function whileLoop<const C>(
  cond: (carry: Traced<C>) => Operand,
  body: (carry: Traced<C>) => Returned<C>,
  init: C,
  options: WhileOptions = {},
): Traced<C> {
  return located(() => {
    calleeName('lax.whileLoop', cond, EXAMPLE);
    const name = `whileLoop(${calleeName('lax.whileLoop', body, EXAMPLE)})`;
    const { maxIterations } = readOptions<WhileChoices>('lax.whileLoop', options, { maxIterations: undefined });
    return runWhile({
      name,
      carried: readOperands(init, 'carry'),
      cond: cond as (carry: unknown) => unknown,
      body: body as (carry: unknown) => unknown,
      maxIterations: checkedMaximum(name, maxIterations),
    }) as Traced<C>;
  });
}

export interface While {
  /** For messages: `whileLoop(step)`. */
  readonly name: string;
  readonly carried: Operands;
  cond(carry: unknown): unknown;
  body(carry: unknown): unknown;
  readonly maxIterations: number | null;
}

/** The final carry. @throws CARRY, STATE_WRITE, ALIASING */
export function runWhile(loop: While): unknown {
  if (runsStepByStep()) return stepWhile(loop);
  const { name, carried, maxIterations } = loop;
  checkRoles(name, carried);
  const body = settleCarry(carried, (avals) => {
    const staged = stage(name, avals, (tracers, trace): unknown => loop.body(rebuildOperands(carried, tracers, trace)));
    const carry = orDrop(staged.trace, () => readCarry(staged, staged.result, carried, avals, 'return { ...carry, x }'));
    return { staged, carry };
  });
  const { carry } = body;
  const finished = finish(body.staged, nextCarry(body));
  rejectSown(finished);
  const { variables, entries, values, consts } = carriedWrites(finished, carry, carried);
  const condition = traceCondition(loop, carry);
  const captured = condition.trace.captures;
  const condConsts = captured.filter((capture) => !variables.some((variable) => variable === capture.variable));
  // The condition takes every carry, also the state that it does not read.
  const seen = entries.map(
    ({ variable, input }) => captured.find((capture) => capture.variable === variable)?.input ?? new Var(input.aval),
  );

  const condInputs = [...inputsOf(condConsts), ...condition.inputs, ...seen];
  const bodyInputs = [...inputsOf(consts), ...finished.inputs, ...inputsOf(entries)];
  const params: WhileParams = {
    condJaxpr: new Jaxpr([], condInputs, condition.trace.builder.equations, condition.outputs),
    bodyJaxpr: new Jaxpr([], bodyInputs, finished.trace.builder.equations, [...finished.outputs, ...values]),
    condConsts: condConsts.length,
    bodyConsts: consts.length,
    maxIterations,
  };
  const operands = [...outersOf(condConsts), ...outersOf(consts), ...initialCarry(carried, carry), ...outersOf(entries)];
  const results = bind(findPrimitive('while')!, operands, params);
  const outer = currentTrace();
  variables.forEach((variable, i) => writeIn(outer, variable, results[carry.avals.length + i]!));
  const written = new Set(finished.writes.map(({ variable }) => variable));
  return rebuildCarry(carry, carried, results.slice(0, carry.avals.length), written);
}

/** @throws UNSUPPORTED for a body that sows: how many values there will be is not known. */
function rejectSown({ trace, writes }: Finished): void {
  const slot = writes.map(({ variable }) => variable).find((variable) => variable instanceof SownSlot);
  if (slot === undefined) return;
  const problem = `${trace.name}: '${slot.label.path}' is sown in the body, and how many iterations there will be is not known`;
  throw userError('UNSUPPORTED', problem, { fix: 'lax.foriLoop(0, n, body, init), whose steps are stacked' });
}

/** @throws SHAPE or DTYPE when it gives no bool scalar, STATE_WRITE when it writes a Variable. */
function traceCondition({ name, carried, cond }: While, { avals }: Carry): Finished {
  const staged = stage(`the condition of ${name}`, avals, (tracers, trace): unknown =>
    cond(rebuildOperands(carried, tracers, trace)),
  );
  const { trace } = staged;
  return orDrop(trace, () => {
    checkStructure(carried.snapshot, trace.name);
    const [written] = trace.written;
    if (written !== undefined) {
      throw userError('STATE_WRITE', `${trace.name} wrote ${nameOf(written, carried)}, and conditions only read`, {
        fix: 'write it in the body',
      });
    }
    return finish(staged, [withTrace(trace, () => predicateOf(staged.result, trace))]);
  });
}

function predicateOf(result: unknown, trace: Trace): Tensor | Literal {
  const value = isOperand(result) ? outputValue(result, trace) : null;
  if (value === null) {
    throw userError('VALUE', `${trace.name} returned ${describeValue(result)}, and must return a bool scalar`, { fix: EXAMPLE });
  }
  const { shape, dtype } = value.aval;
  const problem = `${trace.name} gives ${showAval(value.aval)}, and must give a bool scalar`;
  if (shape.length > 0) {
    throw userError('SHAPE', problem, { fix: 'lax.whileLoop((x) => np.any(np.less(x, 10)), body, init)' });
  }
  if (dtype === 'bool') return value;
  throw userError('DTYPE', problem, { fix: 'lax.whileLoop((n) => np.greater(n, 0), body, init)' });
}

function checkedMaximum(name: string, maxIterations: number | undefined): number | null {
  if (maxIterations === undefined) return null;
  if (Number.isInteger(maxIterations) && maxIterations >= 0) return maxIterations;
  throw userError('VALUE', `${name}: maxIterations is ${describeValue(maxIterations)}, and must be a whole number from 0`, {
    fix: 'lax.whileLoop(cond, body, init, { maxIterations: 100 })',
  });
}
