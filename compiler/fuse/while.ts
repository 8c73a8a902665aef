/**
 * `while` as a loop. If one kernel can run it, its body is computed as long as its condition holds. Else kernels run its steps:
 * one computes the condition, `running`, and scalars like counters, which it keeps as they are once the loop has ended; the
 * others are guarded by `running`. So further steps change nothing, and the host may encode as many as it likes. What the last
 * step that ran has written, if it was not the last one encoded, is found by how many steps ran.
 */
import { HeddleError } from '../errors.ts';
import { Var, aval } from '../ir/jaxpr.ts';
import type { Atom, Equation, Jaxpr } from '../ir/jaxpr.ts';
import { whileOperands } from '../reference/while.ts';
import type { WhileParams } from '../reference/while.ts';
import { variable } from '../scalar/indices.ts';
import type { Carry, Loop } from './block.ts';
import { obstacleOf } from './in-thread.ts';
import { scalarPart } from './scalars.ts';
import type { ScalarPart } from './scalars.ts';
import { Scope } from './scope.ts';

const INT = aval('int32', []);

/** Appends the loop; gives the atoms of the final carries. */
export function flattenWhile(scope: Scope, equation: Equation): Atom[] {
  const params = equation.params as WhileParams;
  if (params.maxIterations === 0) return whileOperands(equation.inputs, params)[2];
  const threaded = new WhileBody(scope, equation);
  const loop = threaded.inThread();
  const obstacle = obstacleOf(loop, scope.program.definitions);
  if (obstacle !== undefined) {
    if (params.maxIterations === null && scope.block.depth > 0) throw unbounded(equation, obstacle);
    return new WhileBody(scope, equation).encoded(obstacle);
  }
  if (loop.carries.length > 0) scope.nodes.push(loop);
  return threaded.results((k) => loop.carries[k]!.result);
}

function unbounded({ source }: Equation, obstacle: string): HeddleError {
  const problem = `inside another loop it needs a bound, since one kernel cannot run it: ${obstacle}`;
  const error = new HeddleError('UNSUPPORTED', `while: ${problem}; give maxIterations, or move it out of the loop`, {
    fix: 'lax.whileLoop(cond, body, init, { maxIterations: 100 })',
  });
  return source === undefined ? error : error.at(`${source.file}:${source.line}:${source.column}`);
}

class WhileBody {
  readonly #scope: Scope;
  readonly #equation: Equation;
  readonly #params: WhileParams;
  readonly #initials: readonly Atom[];
  /** Of the loop's body, with the carries that are carried. */
  readonly #body: Scope;
  /** What the condition and the body take for the carries. */
  readonly #operands: readonly Atom[];
  readonly #carried: readonly number[];

  constructor(scope: Scope, equation: Equation) {
    this.#scope = scope;
    this.#equation = equation;
    this.#params = equation.params as WhileParams;
    this.#initials = whileOperands(equation.inputs, this.#params)[2];
    const { guard, depth } = scope.block;
    this.#body = new Scope(scope.program, { guard, depth: depth + 1 }, scope);
    const { bodyJaxpr, bodyConsts } = this.#params;
    const inputs = bodyJaxpr.inputs.slice(bodyConsts);
    const carried: number[] = [];
    this.#operands = inputs.map((input, i): Atom => {
      // A carry that the body hands on unchanged is a constant of the loop.
      if (bodyJaxpr.outputs[i] === input) return this.#initials[i]!;
      const empty = this.#body.filledIfEmpty(input);
      if (empty !== undefined) return empty;
      carried.push(i);
      return this.#body.declare(input, { kind: 'carry' });
    });
    this.#carried = carried;
  }

  /** The loop as one kernel would run it. */
  inThread(): Loop {
    const holds = this.#condition();
    const next = this.#step(this.#body);
    const carries = this.#carried.map((i): Carry => ({ ...this.#carry(i), next: next[i]!, result: this.#declareResult(i) }));
    return { ...this.#loop(this.#params.maxIterations ?? 2 ** 32 - 1, carries), holds };
  }

  /** Appends the loop as kernels run it; gives the final carries. */
  encoded(obstacle: string): Atom[] {
    const { maxIterations } = this.#params;
    const body = this.#body;
    const [wasRunning, steps] = [new Var(INT), new Var(INT)].map((like) => body.declare(like, { kind: 'carry' })) as [Var, Var];
    const holds = this.#condition();
    const running = this.#always(body.build((o) => {
      const goes = maxIterations === null ? holds : o.and(holds, o.lt(steps, maxIterations));
      return o.and(wasRunning, o.convertElementType(goes, { newDtype: 'int32', weakType: false }));
    }, this.#equation));
    const stepsNow = this.#always(body.build((o) => o.add(steps, running), this.#equation));

    const scalars = scalarPart(this.#params.bodyJaxpr);
    const kept = this.#scalarCarries(scalars, running);
    const guarded = this.#guardedCarries(this.#carried.filter((i) => scalars.outputs[i] !== true), running);

    const count = this.#declare(steps);
    const counters: Carry[] = [
      { input: wasRunning, initial: this.#startsRunning(), next: running, result: this.#declare(wasRunning) },
      { input: steps, initial: this.#scope.build((o) => o.literal(0, 'int32')), next: stepsNow, result: count },
    ];
    const size = maxIterations === null ? 2 : maxIterations + (maxIterations % 2);
    const carries = [...counters, ...kept.values(), ...guarded.values()];
    this.#scope.nodes.push({ ...this.#loop(size, carries), until: { running, maxIterations, obstacle } });
    return this.results((k) => {
      const i = this.#carried[k]!;
      return kept.get(i)?.result ?? this.#final(guarded.get(i)!, count);
    });
  }

  /** Scalars that need no kernel of their own: every step writes them, their last values when the loop has ended. */
  #scalarCarries({ jaxpr, outputs }: ScalarPart, running: Var): Map<number, Carry> {
    const values = this.#step(this.#body, jaxpr);
    const carries = new Map<number, Carry>();
    outputs.forEach((isScalar, i) => {
      const value = isScalar ? values.shift()! : undefined;
      if (value === undefined || !this.#carried.includes(i)) return;
      const carry = this.#carry(i);
      const next = this.#body.build((o) => o.selectN(o.eq(running, 1), carry.input, value), this.#equation);
      carries.set(i, { ...carry, next: this.#always(next), result: this.#declareResult(i) });
    });
    return carries;
  }

  /** The other carries, which kernels write that run only while `running` is 1. */
  #guardedCarries(numbers: readonly number[], running: Var): Map<number, Carry> {
    const body = this.#body;
    const guard = { index: running, branch: 1 };
    const guarded = new Scope(this.#scope.program, { guard, depth: body.block.depth }, this.#scope, body);
    const values = this.#step(guarded);
    const carries = numbers.map((i): Carry => {
      const next = body.declare(this.#like(i), { kind: 'result', block: body.block });
      return { ...this.#carry(i), next, result: this.#declareResult(i), other: this.#declareResult(i) };
    });
    const cases = [{ block: guarded.block, outputs: numbers.map((i) => values[i]!) }];
    body.nodes.push({ kind: 'branches', index: running, cases, results: carries.map(({ next }) => next as Var) });
    return new Map(numbers.map((i, k) => [i, carries[k]!]));
  }

  /** The final value of every carry, given those of the ones that are carried, which are numbered from 0. */
  results(final: (k: number) => Atom): Atom[] {
    return this.#equation.outputs.map((output, i) => {
      const k = this.#carried.indexOf(i);
      return k >= 0 ? final(k) : (this.#scope.filledIfEmpty(output) ?? this.#initials[i]!);
    });
  }

  #condition(): Atom {
    const [consts] = whileOperands(this.#equation.inputs, this.#params);
    return this.#body.inline(this.#params.condJaxpr, [...consts, ...this.#operands])[0]!;
  }

  /** Appends the body, or the part of it that `jaxpr` is. */
  #step(scope: Scope, jaxpr: Jaxpr = this.#params.bodyJaxpr): Atom[] {
    const [, consts] = whileOperands(this.#equation.inputs, this.#params);
    return scope.inline(jaxpr, [...consts, ...this.#operands]);
  }

  #loop(size: number, carries: readonly Carry[]): Loop {
    const counter = variable(this.#scope.program.nextCounter(), size);
    const { source } = this.#equation;
    return { kind: 'loop', counter, position: counter, carries, stacks: [], slices: [], body: this.#body.block, source };
  }

  #carry(i: number): Pick<Carry, 'input' | 'initial'> {
    return { input: this.#operands[i] as Var, initial: this.#initials[i]! };
  }

  #like(i: number): Var {
    return this.#equation.outputs[i]!;
  }

  #declareResult(i: number): Var {
    return this.#declare(this.#like(i));
  }

  #declare(like: Var): Var {
    return this.#scope.declare(like, { kind: 'result', block: this.#scope.block });
  }

  /** After no step it is the initial value, after an odd number what an even step wrote, as the first is step 0. */
  #final({ initial, result, other }: Carry, count: Var): Atom {
    return this.#scope.build((o) => {
      const written = o.selectN(o.eq(o.and(count, 1), 1), result, other!);
      return o.selectN(o.eq(count, 0), written, initial);
    }, this.#equation);
  }

  /** 1, or 0 in a branch that is not taken, whose kernels do not run. */
  #startsRunning(): Atom {
    const { guard } = this.#scope.block;
    if (guard === undefined) return this.#scope.build((o) => o.literal(1, 'int32'));
    return this.#always(this.#scope.build((o) => {
      return o.selectN(o.eq(guard.index, guard.branch), o.literal(0, 'int32'), o.literal(1, 'int32'));
    }, this.#equation));
  }

  /** The variable, to be computed whether or not a branch around the loop is taken. */
  #always(atom: Atom): Var {
    this.#scope.program.unguarded.add(atom as Var);
    return atom as Var;
  }
}
