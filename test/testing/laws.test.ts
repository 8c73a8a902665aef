/** The published laws hold for lawful functions and reject unlawful ones. */
import { expect, test } from 'vitest';
import { np } from '../../src/index.ts';
import type { Tensor } from '../../src/index.ts';
import { assertAllClose, deviceLaw, jitLaw, printLaw, vmapLaw } from '../../src/testing/index.ts';
import { useWgsl } from '../support/wgsl.ts';

const wgsl = useWgsl();
const rows = (): Tensor => np.array([[1, 2, 3], [4, 5, 6]]);
const lawful = (x: Tensor): Tensor => x.sin().mul(x.sum());

test('lawful functions pass', async () => {
  await jitLaw(lawful, [rows()]);
  await vmapLaw(lawful, [rows()]);
  await deviceLaw(lawful, [rows()], wgsl.device);
  printLaw(lawful, [rows()]);
});

test('a function that depends on what tracing does not see breaks the law of jit', async () => {
  let calls = 0;
  const impure = (x: Tensor): Tensor => x.add(calls++);
  await expect(jitLaw(impure, [rows()])).rejects.toThrow(/element 0/);
});

test('trees are compared by structure, type and value', async () => {
  await assertAllClose({ a: rows(), b: [1, 'x'] }, { a: rows().add(1e-7), b: [1, 'x'] });
  await expect(assertAllClose({ a: rows() }, { b: rows() })).rejects.toThrow(/structure/);
  await expect(assertAllClose(rows(), rows().astype('int32'))).rejects.toThrow('the value: float32[2,3] is not int32[2,3]');
  await expect(assertAllClose([rows()], [rows().add(1)])).rejects.toThrow('[0]: element 0 of float32[2,3] is 1, expected 2');
  await assertAllClose(np.array([NaN, Infinity]), np.array([NaN, Infinity]));
  for (const other of [0, NaN, -Infinity]) {
    await expect(assertAllClose(np.array([other]), np.array([Infinity]))).rejects.toThrow(/expected Infinity/);
    await expect(assertAllClose(np.array([Infinity]), np.array([other]))).rejects.toThrow(/is Infinity/);
  }
  await expect(assertAllClose(rows(), 'a')).rejects.toThrow('the value: float32[2,3] is not the string a');
});

test('a tensor may be compared with nested numbers', async () => {
  await assertAllClose(rows(), [[1, 2, 3], [4, 5, 6]]);
  await assertAllClose(rows().less(3), [[true, true, false], [false, false, false]]);
  await assertAllClose(rows().sum(), 21);
  await expect(assertAllClose(rows(), [1, 2, 3])).rejects.toThrow('the value: float32[2,3] is not float32[3]');
});
