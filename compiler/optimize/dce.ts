/**
 * Dead code: equations none of whose results is read, and inside scan, while, cond and jit the outputs that nobody reads with
 * everything that only they need. Effects stay.
 */
import { Jaxpr } from '../ir/jaxpr.ts';
import type { Atom, Equation } from '../ir/jaxpr.ts';
import type { WhileParams } from '../reference/while.ts';
import { isEffectful } from '../primitives/control/guard.ts';

export function dce(jaxpr: Jaxpr): Jaxpr {
  return prune(jaxpr, jaxpr.outputs.map(() => true)).jaxpr;
}

type Flags = readonly boolean[];

interface Pruned {
  /** With the live outputs only, but with all inputs. */
  readonly jaxpr: Jaxpr;
  /** Which of the inputs it reads. */
  readonly reads: Flags;
}

function prune(jaxpr: Jaxpr, live: Flags): Pruned {
  const outputs = keep(jaxpr.outputs, live);
  const needed = new Set<Atom>(outputs);
  const equations: Equation[] = [];
  for (const equation of [...jaxpr.equations].reverse()) {
    const liveOutputs = equation.outputs.map((output) => needed.has(output));
    if (!liveOutputs.includes(true) && !isEffectful(equation)) continue;
    const slim = pruneInside(equation, liveOutputs);
    slim.inputs.forEach((input) => needed.add(input));
    equations.push(slim);
  }
  equations.reverse();
  const same = outputs.length === jaxpr.outputs.length && sameItems(equations, jaxpr.equations);
  return {
    jaxpr: same ? jaxpr : new Jaxpr(jaxpr.consts, jaxpr.inputs, equations, outputs),
    reads: jaxpr.inputs.map((input) => needed.has(input)),
  };
}

function pruneInside(equation: Equation, live: Flags): Equation {
  switch (equation.primitive.name) {
    case 'jit':
      return pruneCall(equation, live);
    case 'cond':
      return pruneCond(equation, live);
    case 'scan':
      return pruneScan(equation, live);
    case 'while':
      return pruneWhile(equation, live);
    default:
      return equation;
  }
}

function pruneCall(equation: Equation, live: Flags): Equation {
  const { jaxpr, reads } = prune(equation.params['jaxpr'] as Jaxpr, live);
  if (jaxpr === equation.params['jaxpr'] && !reads.includes(false)) return equation;
  return {
    ...equation,
    inputs: keep(equation.inputs, reads),
    params: { ...equation.params, jaxpr: withInputs(jaxpr, reads) },
    outputs: keep(equation.outputs, live),
  };
}

/** An operand stays if any branch reads it. */
function pruneCond(equation: Equation, live: Flags): Equation {
  const branches = equation.params['branches'] as readonly Jaxpr[];
  const pruned = branches.map((branch) => prune(branch, live));
  const reads = equation.inputs.slice(1).map((_, i) => pruned.some((branch) => branch.reads[i]!));
  const same = pruned.every(({ jaxpr }, i) => jaxpr === branches[i]);
  if (same && !reads.includes(false)) return equation;
  return {
    ...equation,
    inputs: keep(equation.inputs, [true, ...reads]),
    params: { ...equation.params, branches: pruned.map(({ jaxpr }) => withInputs(jaxpr, reads)) },
    outputs: keep(equation.outputs, live),
  };
}

/** A carry stays if its final value is read, or if the body reads it for something that stays. */
function pruneScan(equation: Equation, live: Flags): Equation {
  const { jaxpr: body, numConsts, numCarry } = equation.params as { jaxpr: Jaxpr; numConsts: number; numCarry: number };
  const isCarry = (input: number): boolean => input >= numConsts && input < numConsts + numCarry;
  let stays = live;
  let pruned = prune(body, stays);
  for (;;) {
    const more = stays.map((flag, output) => flag || (output < numCarry && pruned.reads[numConsts + output]!));
    if (sameItems(more, stays)) break;
    stays = more;
    pruned = prune(body, stays);
  }
  const inputs = pruned.reads.map((read, input) => (isCarry(input) ? stays[input - numConsts]! : read));
  if (pruned.jaxpr === body && !inputs.includes(false)) return equation;
  return {
    ...equation,
    inputs: keep(equation.inputs, inputs),
    params: {
      ...equation.params,
      jaxpr: withInputs(pruned.jaxpr, inputs),
      numConsts: count(inputs.slice(0, numConsts)),
      numCarry: count(stays.slice(0, numCarry)),
    },
    outputs: keep(equation.outputs, stays),
  };
}

/** A carry stays if its final value is read, or if the condition reads it, or the body for something that stays. */
function pruneWhile(equation: Equation, live: Flags): Equation {
  const params = equation.params as WhileParams;
  const { condJaxpr, bodyJaxpr, condConsts, bodyConsts } = params;
  const condition = prune(condJaxpr, [true]);
  let stays: Flags = live.map((flag, carry) => flag || condition.reads[condConsts + carry]!);
  let body = prune(bodyJaxpr, stays);
  for (;;) {
    const more = stays.map((flag, carry) => flag || body.reads[bodyConsts + carry]!);
    if (sameItems(more, stays)) break;
    stays = more;
    body = prune(bodyJaxpr, stays);
  }
  const condReads = condition.reads.slice(0, condConsts);
  const bodyReads = body.reads.slice(0, bodyConsts);
  const inputs = [...condReads, ...bodyReads, ...stays];
  if (condition.jaxpr === condJaxpr && body.jaxpr === bodyJaxpr && !inputs.includes(false)) return equation;
  return {
    ...equation,
    inputs: keep(equation.inputs, inputs),
    params: {
      ...params,
      condJaxpr: withInputs(condition.jaxpr, [...condReads, ...stays]),
      bodyJaxpr: withInputs(body.jaxpr, [...bodyReads, ...stays]),
      condConsts: count(condReads),
      bodyConsts: count(bodyReads),
    },
    outputs: keep(equation.outputs, stays),
  };
}

function withInputs({ consts, inputs, equations, outputs }: Jaxpr, flags: Flags): Jaxpr {
  return new Jaxpr(consts, keep(inputs, flags), equations, outputs);
}

function keep<T>(items: readonly T[], flags: Flags): T[] {
  return items.filter((_, i) => flags[i]);
}

function count(flags: Flags): number {
  return flags.filter(Boolean).length;
}

function sameItems(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, i) => item === b[i]);
}
