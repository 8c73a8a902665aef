/** Guarded branches: what runs, and what does not. */
import { expect, test } from 'vitest';
import { fuse } from '../../compiler/compile.ts';
import { kernelsOf } from '../../compiler/fuse/graph.ts';
import type { Jaxpr } from '../../compiler/ir/jaxpr.ts';
import { DEFAULT_PROFILE } from '../../compiler/program.ts';
import { evaluate } from '../../compiler/reference/evaluate.ts';
import { fromNumbers } from '../../compiler/reference/arrays.ts';
import { expectAllSame } from '../support/arrays.ts';
import { executeGraph } from '../support/execute-graph.ts';
import { float32, int32, jaxprOf, matmul } from '../support/jaxprs.ts';

const x = fromNumbers('float32', [2, 2], [1, 2, 3, 4]);

function expectReference(jaxpr: Jaxpr, ...indices: number[]): void {
  const inputs = [...indices.map((index) => fromNumbers('int32', [], [index])), x];
  expectAllSame(executeGraph(fuse(jaxpr, DEFAULT_PROFILE), inputs), evaluate(jaxpr, inputs));
}

function labels(jaxpr: Jaxpr): string[] {
  return kernelsOf(fuse(jaxpr, DEFAULT_PROFILE).steps).map(({ label }) => label);
}

const square = jaxprOf([float32(2, 2)], (o, y) => matmul(o, y!, y!));
const double = jaxprOf([float32(2, 2)], (o, y) => matmul(o, o.add(y!, y!), y!));

test('an index outside the branches is clamped', () => {
  const branches = [square, double, jaxprOf([float32(2, 2)], (_, y) => y!)];
  const jaxpr = jaxprOf([int32(), float32(2, 2)], (o, i, y) => o.cond(i!, y!, { branches }));
  for (const index of [-7, 0, 1, 2, 9]) expectReference(jaxpr, index);
});

test('a cond in a branch that is not taken runs none of its own', () => {
  const inner = jaxprOf([int32(), float32(2, 2)], (o, i, y) => o.cond(i!, y!, { branches: [square, double] }));
  const other = jaxprOf([int32(), float32(2, 2)], (o, _, y) => matmul(o, y!, o.neg(y!)));
  const jaxpr = jaxprOf([int32(), int32(), float32(2, 2)], (o, i, k, y) => o.cond(i!, k!, y!, { branches: [other, inner] }));
  for (const outer of [0, 1]) for (const index of [0, 1]) expectReference(jaxpr, outer, index);
});

test('a loop in a branch', () => {
  const body = jaxprOf([float32(2, 2)], (o, y) => [matmul(o, y!, y!), o.reduceSum(y!, { axes: [0] })]);
  const params = { jaxpr: body, length: 3, reverse: false, numConsts: 0, numCarry: 1 };
  const loop = jaxprOf([float32(2, 2)], (o, y) => o.scan(o.mul(y!, 0.25), params));
  const still = jaxprOf([float32(2, 2)], (o, y) => [matmul(o, y!, y!), o.full(7, float32(3, 2))]);
  const jaxpr = jaxprOf([int32(), float32(2, 2)], (o, i, y) => o.cond(i!, y!, { branches: [loop, still] }));
  for (const index of [0, 1]) expectReference(jaxpr, index);
});

test('a literal index picks its branch, and one branch needs no choice', () => {
  const picked = jaxprOf([float32(2, 2)], (o, y) => o.cond(o.literal(5, 'int32'), y!, { branches: [square, double] }));
  expect(labels(picked)).toEqual(['add_dot_general']);
  const sole = jaxprOf([int32(), float32(2, 2)], (o, i, y) => o.cond(i!, y!, { branches: [square] }));
  expect(labels(sole)).toEqual(['dot_general']);
});
