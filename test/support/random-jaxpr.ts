/**
 * Random jaxprs of a given number of equations, with every kind of primitive, nested loops and branches. Their floats are small
 * multiples of a quarter, so that results are exact in whatever order sums are taken.
 */
import fc from 'fast-check';
import { Builder } from '../../compiler/ir/builder.ts';
import { Var } from '../../compiler/ir/jaxpr.ts';
import type { Atom, Aval, Jaxpr } from '../../compiler/ir/jaxpr.ts';
import { printJaxpr } from '../../compiler/ir/print.ts';
import { float32, int32 } from './jaxprs.ts';
import { Growth, STEPS } from './random-steps.ts';
import type { Step } from './random-steps.ts';

/** What the random jaxprs take. */
export const RANDOM_INPUTS: readonly Aval[] = [
  float32(2, 3), float32(3, 4), float32(3), float32(), int32(2, 3), int32(),
];

/** A counterexample that reads as the IR prints it. */
export class RandomProgram {
  readonly jaxpr: Jaxpr;

  constructor(jaxpr: Jaxpr) {
    this.jaxpr = jaxpr;
  }

  [fc.toStringMethod](): string {
    return printJaxpr(this.jaxpr);
  }
}

/** `size` bounds the steps of the outermost level; a step is one equation or a few. */
export function randomPrograms(size: number): fc.Arbitrary<RandomProgram> {
  const decisions = fc.array(fc.nat({ max: 1 << 20 }), { minLength: 1, maxLength: size * 12, size: 'max' });
  return fc.tuple(fc.integer({ min: 1, max: size }), decisions).map(([steps, numbers]) => {
    const choices = new Choices(numbers);
    const inputs = RANDOM_INPUTS.map((type) => new Var(type));
    const o = new Builder();
    const pool = grow(o, choices, inputs, steps, 2);
    const read = new Set(o.equations.flatMap((equation) => equation.inputs));
    const unread = pool.filter((atom) => !read.has(atom));
    const outputs = [pool.at(-1)!, ...unread.slice(-8), ...Array.from({ length: choices.below(4) }, () => choices.recent(pool))];
    return new RandomProgram(o.build([], inputs, outputs));
  });
}

/** A stream of decisions, which shrinks to zeros: the first of every list of possibilities should be the simplest. */
export class Choices {
  readonly #numbers: readonly number[];
  #next = 0;

  constructor(numbers: readonly number[]) {
    this.#numbers = numbers;
  }

  get exhausted(): boolean {
    return this.#next >= this.#numbers.length;
  }

  below(count: number): number {
    return (this.#numbers[this.#next++] ?? 0) % Math.max(count, 1);
  }

  flag(): boolean {
    return this.below(2) === 1;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }

  /** Half of the time one of the last few, so that equations build on each other. */
  recent<T>(items: readonly T[]): T {
    return this.flag() ? this.pick(items.slice(-5)) : this.pick(items);
  }

  several<T>(items: readonly T[], most: number): T[] {
    return items.length === 0 ? [] : Array.from({ length: this.below(most + 1) }, () => this.recent(items));
  }
}

/** Appends equations; gives the old and the new atoms. Loops and branches nest up to `depth` deep. */
function grow(o: Builder, choices: Choices, from: readonly Atom[], steps: number, depth: number): Atom[] {
  const pool = [...from];
  const possible: readonly Step[] = depth === 0 ? STEPS : [...STEPS, scan(depth - 1), cond(depth - 1)];
  for (let i = 0; i < steps && !choices.exhausted; i++) pool.push(...choices.pick(possible)(new Growth(o, choices, pool)));
  return pool;
}

function sameType(a: Aval, b: Aval): boolean {
  return a.dtype === b.dtype && a.shape.join() === b.shape.join();
}

function asList(results: Atom | readonly Atom[]): readonly Atom[] {
  return Array.isArray(results) ? results : [results as Atom];
}

function scan(depth: number): Step {
  return ({ o, choices, pool }) => {
    const length = choices.pick([2, 1, 3, 4, 0]);
    const consts = choices.several(pool, 2);
    const carries = [choices.recent(pool), ...choices.several(pool, 2)];
    const stacked = choices.several(pool.filter(({ aval: { shape } }) => shape[0] === length), 3);
    const slices = stacked.map(({ aval: type }) => ({ ...type, shape: type.shape.slice(1) }));
    const inputs = [...[...consts, ...carries].map(({ aval: type }) => type), ...slices].map((type) => new Var(type));
    const body = new Builder();
    const inner = grow(body, choices, inputs, 1 + choices.below(6), depth);
    const next = carries.map(({ aval: type }) => {
      const fitting = inner.filter((atom) => sameType(atom.aval, type));
      return fitting.length > 0 ? choices.recent(fitting) : body.full(2, type);
    });
    const jaxpr = body.build([], inputs, [...next, ...choices.several(inner, 2)]);
    const params = { jaxpr, length, reverse: choices.flag(), numConsts: consts.length, numCarry: carries.length };
    return asList(o.scan(...consts, ...carries, ...stacked, params));
  };
}

function cond(depth: number): Step {
  return (growth) => {
    const { o, choices, pool } = growth;
    const index = growth.index();
    const operands = [growth.float(), choices.recent(pool)];
    const bodies = Array.from({ length: 2 + choices.below(2) }, () => {
      const inputs = operands.map(({ aval: type }) => new Var(type));
      const branch = new Builder();
      return { inputs, branch, inner: grow(branch, choices, inputs, 1 + choices.below(5), depth) };
    });
    const type = bodies[0]!.inner.at(-1)!.aval;
    const branches = bodies.map(({ inputs, branch, inner }) => {
      const result = inner.findLast((atom) => sameType(atom.aval, type)) ?? branch.full(3, type);
      return branch.build([], inputs, [result, inputs[0]!]);
    });
    return asList(o.cond(index, ...operands, { branches }));
  };
}
