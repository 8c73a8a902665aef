/** Errors of devices and of the IR, and the catalogue of codes: each has a test of its whole message. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { cpu, init, jit, makeJaxpr, np } from '../../src/index.ts';
import type { Tensor } from '../../src/index.ts';
import { ERROR_CODES } from '../../compiler/errors.ts';
import { Jaxpr } from '../../compiler/ir/jaxpr.ts';
import { verifyJaxpr } from '../../compiler/ir/verify.ts';
import { parseJaxpr, printJaxpr } from '../../src/testing/index.ts';
import { fakeDevice } from '../support/fake-device.ts';
import { messageOf } from '../support/messages.ts';

const b = (): Tensor => np.ones([4]);

describe('devices', () => {
  const small = { maxBufferSize: 1024, maxStorageBufferBindingSize: 1024 };

  test('a tensor above the limits of the device', async () => {
    await init({ device: fakeDevice({ limits: small }).device, host: 'never' });
    expect(messageOf(() => np.ones([20, 20]).add(1))).toMatchInlineSnapshot(`
      "[LIMIT] a tensor f32[20,20] takes 1600 bytes; the device binds at most 1024 at once
        at:  test/errors/devices.test.ts:LINE
        fix: lax.scan(f, init, slices) // with a first axis along which the tensor is computed in pieces"
    `);
  });

  test('above the memory budget', async () => {
    await init({ device: fakeDevice().device, host: 'never', memoryBudget: 4096 });
    const add = jit((x: Tensor) => x.add(1));
    expect(messageOf(() => Array.from({ length: 9 }, () => add(np.ones([256]))))).toMatchInlineSnapshot(`
      "[MEMORY] anonymous: float32[256] takes 1024 bytes, but 3584 of the memory budget of 4096 bytes are in use; most are held by
        2560 bytes in 4 tensors made at test/errors/devices.test.ts:LINE
        1024 bytes in 1 tensor made at test/errors/devices.test.ts:LINE
        at:  test/errors/devices.test.ts:LINE
        fix: await sync(); // lets finished calls and collected tensors give their memory back"
    `);
  });

  test('two devices', async () => {
    const first = await init({ device: fakeDevice().device, host: 'never' });
    const x = np.ones([2]).add(1);
    await init({ device: fakeDevice().device, host: 'never' });
    const y = np.ones([2]).add(1);
    expect(first.kind).toBe('webgpu');
    expect(messageOf(() => np.add(x, y))).toMatchInlineSnapshot(`
      "[DEVICE_MISMATCH] add runs on fake, but an operand float32[2] is on another fake
        at:  test/errors/devices.test.ts:LINE
        fix: await x.to(device)"
    `);
    expect(messageOf(() => jit((z: Tensor) => z.add(1), { device: cpu })(y))).toMatchInlineSnapshot(`
      "[DEVICE_MISMATCH] jit(anonymous) runs on cpu, but an operand float32[2] is on fake
        at:  test/errors/devices.test.ts:LINE
        fix: await x.to(device)"
    `);
  });
});

describe('the IR', () => {
  test('text that does not parse', () => {
    expect(messageOf(() => parseJaxpr('{ lambda ; a:f32[2]. let b:f32[2] = sinn a in (b,) }'))).toMatchInlineSnapshot(`
      "[IR_SYNTAX] line 1, column 37: there is no primitive \`sinn\`
          { lambda ; a:f32[2]. let b:f32[2] = sinn a in (b,) }
                                              ^"
    `);
    expect(messageOf(() => parseJaxpr('{ lambda ; a:f32[2]. let b:f32[2] = sin c in (b,) }'))).toMatchInlineSnapshot(`
      "[IR_SYNTAX] line 1, column 41: \`c\` is not bound here
          { lambda ; a:f32[2]. let b:f32[2] = sin c in (b,) }
                                                  ^"
    `);
  });

  test('ill-typed equations', () => {
    const { jaxpr } = makeJaxpr((x: Tensor) => x.sin().cos())(b());
    const broken = new Jaxpr(jaxpr.consts, [], jaxpr.equations, jaxpr.outputs);
    expect(printJaxpr(jaxpr)).toContain('sin');
    expect(messageOf(() => verifyJaxpr(broken))).toMatchInlineSnapshot(`
      "[IR_TYPE] equation 1 of 2: a variable f32[4] is read before it is bound
      { lambda ; . let a:f32[4] = sin b; c:f32[4] = cos a in (c,) }  # test/errors/devices.test.ts:LINE, <- here"
    `);
  });
});

test('every code has a test of its whole message', () => {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.test.ts'));
  const text = files.map((name) => readFileSync(join(root, name), 'utf8')).join('\n');
  expect(ERROR_CODES.filter((code) => !text.includes(`[${code}] `))).toEqual([]);
});
