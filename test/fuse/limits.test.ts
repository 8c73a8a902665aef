/** Programs at the limits of a device. */
import { expect, test } from 'vitest';
import { compile } from '../../compiler/compile.ts';
import { HeddleError } from '../../compiler/errors.ts';
import { Jaxpr } from '../../compiler/ir/jaxpr.ts';
import { DEFAULT_PROFILE } from '../../compiler/program.ts';
import { float32, softmax, jaxprOf } from '../support/jaxprs.ts';
import { property } from '../support/property.ts';
import { randomPrograms } from '../support/random-programs.ts';

property('no kernel of a random program binds more than eight buffers', [randomPrograms()], ({ jaxpr }) => {
  const { kernels, buffers } = compile(jaxpr, DEFAULT_PROFILE, 'f').program;
  for (const { bindings } of kernels) expect(bindings.length).toBeLessThanOrEqual(8);
  for (const { bytes } of buffers) expect(bytes >= 4 && bytes % 4 === 0).toBe(true);
});

test('a sum of many tensors becomes several kernels', () => {
  const jaxpr = jaxprOf(Array.from({ length: 40 }, () => float32(3)), (o, ...xs) => xs.reduce((sum, x) => o.add(sum, x)));
  expect(compile(jaxpr, DEFAULT_PROFILE, 'f').program.steps.length).toBe(7);
});

test('a tensor that no buffer can hold is an error at the line that made it', () => {
  const traced = jaxprOf([float32(4096)], (o, x) => o.broadcastInDim(x!, { shape: [65_536, 4096], broadcastDimensions: [1] }));
  const source = { file: 'user.ts', line: 3, column: 7 };
  const equations = traced.equations.map((equation) => ({ ...equation, source }));
  const jaxpr = new Jaxpr([], traced.inputs, equations, traced.outputs);
  expect(() => compile(jaxpr, DEFAULT_PROFILE, 'f')).toThrow(
    new HeddleError('LIMIT', 'a tensor f32[65536,4096] takes 1073741824 bytes; the device binds at most 134217728 at once', {
      where: 'user.ts:3:7',
      fix: 'lax.scan(f, init, slices) // with a first axis along which the tensor is computed in pieces',
    }),
  );
});

test('a large tensor that nobody stores is no error', () => {
  const jaxpr = jaxprOf([float32(65_536), float32(4096)], (o, x, y) => {
    const shape = [65_536, 4096];
    const product = o.mul(
      o.broadcastInDim(x!, { shape, broadcastDimensions: [0] }),
      o.broadcastInDim(y!, { shape, broadcastDimensions: [1] }),
    );
    return o.reduceSum(product, { axes: [1] });
  });
  expect(compile(jaxpr, DEFAULT_PROFILE, 'f').program.kernels.length).toBe(1);
});

test('a program survives JSON', () => {
  const { program } = compile(jaxprOf([float32(8, 9)], (o, x) => softmax(o, x!)), DEFAULT_PROFILE, 'f');
  expect(JSON.parse(JSON.stringify(program))).toEqual(program);
});
