/** Custom derivatives that do not fit, and checkpoints of no known policy: the whole message each time. */
import { describe, expect, test } from 'vitest';
import {
  BatchStat, Module, checkpoint, checkpointName, cpu, customJvp, customVjp, grad, jvp, np, saveOnlyTheseNames, withDevice,
} from '../../src/index.ts';
import type { Tensor } from '../../src/index.ts';
import { messageOf } from '../support/messages.ts';

const x = (): Tensor => np.ones([3]);
const square = (x: Tensor): Tensor => x.mul(x);
const message = (f: () => unknown): string => messageOf(() => withDevice(cpu, f));

class Counter extends Module {
  readonly count: BatchStat = new BatchStat(0);
}

describe('customJvp', () => {
  test('a rule that returns no pair', () => {
    const f = customJvp(square, (([x]: [Tensor]) => square(x)) as never);
    expect(message(() => f(x()))).toMatchInlineSnapshot(`
      "[CUSTOM_RULE] customJvp(square): the rule must return [out, tangentOut], and it returned an object of class Tensor
        at:  test/errors/custom-rules.test.ts:LINE
        fix: return [out, tangentOut]; // tangentOut is a tree like out"
    `);
  });

  test('another output', () => {
    const f = customJvp(
      (x: Tensor) => ({ a: x, b: [x, x] as const }),
      (([x]: [Tensor]) => [{ a: x, b: [x], c: x }, null]) as never,
    );
    expect(message(() => f(x()))).toMatchInlineSnapshot(`
      "[CUSTOM_RULE] customJvp(anonymous): the rule must return first what the function returns:
        output.c: added
        output.b[1]: removed
        at:  test/errors/custom-rules.test.ts:LINE
        fix: return [f(x), ...]"
    `);
  });

  test('outputs of other types', () => {
    const f = customJvp(
      (x: Tensor) => ({ a: x, b: [x, x] as const }),
      ([x], [t]) => [{ a: np.sum(x), b: [x, x.astype('int32')] as const }, { a: t, b: [t, t] as const }],
    );
    expect(message(() => f(x()))).toMatchInlineSnapshot(`
      "[CUSTOM_RULE] customJvp(anonymous): the rule must return first what the function returns:
        output.a: f32[3] -> f32[]
        output.b[1]: f32[3] -> i32[3]
        at:  test/errors/custom-rules.test.ts:LINE
        fix: return [f(x), ...]"
    `);
  });

  test('tangents of another structure, and of other types', () => {
    const structure = customJvp((x: Tensor) => [x, x] as const, (([x]: [Tensor], [t]: [Tensor]) => [[x, x], [t]]) as never);
    expect(message(() => structure(x()))).toMatchInlineSnapshot(`
      "[CUSTOM_RULE] customJvp(anonymous): the tangents and the outputs differ in structure:
        tangents: an array of 1, where the outputs have an array of 2
        at:  test/errors/custom-rules.test.ts:LINE
        fix: return [out, tangentOut]; // tangentOut is a tree like out"
    `);
    const types = customJvp(
      (x: Tensor) => [x, x.astype('int32')] as const,
      ([x], [t]) => [[x, x.astype('int32')] as const, [np.sum(t), t] as const],
    );
    expect(message(() => types(x()))).toMatchInlineSnapshot(`
      "[CUSTOM_RULE] customJvp(anonymous): the tangents must have the types of the outputs:
        tangents[0]: f32[] -> f32[3]
        tangents[1]: f32[3], where i32[3] has none: null
        at:  test/errors/custom-rules.test.ts:LINE
        fix: return [out, tangentOut]; // tangentOut is a tree like out"
    `);
  });

  test('a Variable that only one of the two writes', () => {
    const counter = new Counter();
    const f = customJvp(
      (counter: Counter, x: Tensor) => {
        counter.count.value = counter.count.value.add(1);
        return x;
      },
      ([, x], [, t]) => [x, t],
    );
    expect(message(() => f(counter, x()))).toMatchInlineSnapshot(`
      "[CUSTOM_RULE] customJvp(anonymous): the function and the rule must write the same Variables:
        args[0].count: written by the function only
        at:  test/errors/custom-rules.test.ts:LINE
        fix: call the function in the rule"
    `);
  });

  test('closing over what is differentiated', () => {
    const loss = (w: Tensor): Tensor => np.sum(customJvp((x: Tensor) => x.mul(w), ([x], [t]) => [x.mul(w), t.mul(w)])(x()));
    expect(message(() => grad(loss)(x()))).toMatchInlineSnapshot(`
      "[CUSTOM_RULE] anonymous: its custom derivative says nothing about a captured f32[3], which is being differentiated
        at:  test/errors/custom-rules.test.ts:LINE
        fix: pass it to the function as an argument"
    `);
  });
});

describe('customVjp', () => {
  test('fwd that returns no pair', () => {
    const f = customVjp(square, ((x: Tensor) => [square(x), x, x]) as never, (x: Tensor, ct) => [ct.mul(x)]);
    expect(message(() => f(x()))).toMatchInlineSnapshot(`
      "[CUSTOM_RULE] customVjp(square): fwd must return [out, residuals], and it returned an array of 3
        at:  test/errors/custom-rules.test.ts:LINE
        fix: return [out, residuals];"
    `);
  });

  test('fwd with another output', () => {
    const f = customVjp(square, (x) => [np.sum(x), x], (x, ct) => [ct.mul(x)]);
    expect(message(() => f(x()))).toMatchInlineSnapshot(`
      "[CUSTOM_RULE] customVjp(square): fwd must return first what the function returns:
        output: f32[3] -> f32[]
        at:  test/errors/custom-rules.test.ts:LINE
        fix: return [f(x), ...]"
    `);
  });

  test('cotangents of another number, structure and type', () => {
    const count = customVjp(
      (x: Tensor, y: Tensor) => x.mul(y),
      (x, y) => [x.mul(y), y],
      ((y: Tensor, ct: Tensor) => [ct.mul(y)]) as never,
    );
    expect(message(() => count(x(), x()))).toMatchInlineSnapshot(`
      "[CUSTOM_RULE] customVjp(anonymous): the cotangents and the arguments differ in structure:
        cotangents: an array of 1, where the arguments have an array of 2
        at:  test/errors/custom-rules.test.ts:LINE
        fix: return [ct, null]; // one for each argument"
    `);
    const structure = customVjp(
      ({ a, b }: { a: Tensor; b: Tensor }) => a.mul(b),
      ({ a, b }) => [a.mul(b), null],
      ((_: null, ct: Tensor) => [{ a: ct, c: ct }]) as never,
    );
    expect(message(() => structure({ a: x(), b: x() }))).toMatchInlineSnapshot(`
      "[CUSTOM_RULE] customVjp(anonymous): the cotangents and the arguments differ in structure:
        cotangents[0]: an object of a, c, where the arguments have an object of a, b
        at:  test/errors/custom-rules.test.ts:LINE
        fix: return [ct, null]; // one for each argument"
    `);
    const types = customVjp((x: Tensor, n: Tensor) => x.add(n), (x, n) => [x.add(n), null], (_, ct) => [np.sum(ct), ct]);
    expect(message(() => types(x(), np.array(Int32Array.of(1, 2, 3))))).toMatchInlineSnapshot(`
      "[CUSTOM_RULE] customVjp(anonymous): the cotangents must have the types of the arguments:
        cotangents[0]: f32[] -> f32[3]
        cotangents[1]: f32[3], where i32[3] has none: null
        at:  test/errors/custom-rules.test.ts:LINE
        fix: return [ct, null]; // one for each argument"
    `);
  });

  test('bwd that writes', () => {
    const counter = new Counter();
    const f = customVjp(square, (x) => [square(x), x], (x, ct) => {
      counter.count.value = counter.count.value.add(1);
      return [ct.mul(x)];
    });
    expect(message(() => f(x()))).toMatchInlineSnapshot(`
      "[CUSTOM_RULE] customVjp(square): bwd must write no Variables:
        a captured BatchStat: written by bwd
        at:  test/errors/custom-rules.test.ts:LINE
        fix: write them in f and in fwd"
    `);
  });

  test('closing over what is differentiated, and differentiating what nondiffArgnums names', () => {
    const f = customVjp(
      (x: Tensor, w: Tensor) => x.mul(w),
      (x, w) => [x.mul(w), w],
      (w: Tensor, _: Tensor, ct: Tensor) => [ct.mul(w)],
      { nondiffArgnums: [1] },
    );
    expect(message(() => grad((w: Tensor) => np.sum(f(x(), w)))(x()))).toMatchInlineSnapshot(`
      "[CUSTOM_RULE] anonymous: its custom derivative says nothing about a captured f32[3], which is being differentiated
        at:  test/errors/custom-rules.test.ts:LINE
        fix: pass it to the function as an argument"
    `);
    const absent = customVjp(square, (x) => [square(x), x], (x: Tensor, ct: Tensor) => [ct.mul(x)], { nondiffArgnums: [2] });
    expect(message(() => absent(x()))).toMatchInlineSnapshot(`
      "[VALUE] customVjp(square): nondiffArgnums names argument 2, and the call has 1
        at:  test/errors/custom-rules.test.ts:LINE
        fix: customVjp(f, fwd, bwd, { nondiffArgnums: [0] })"
    `);
  });

  test('forward mode', () => {
    const named = (x: Tensor): Tensor => x.mul(x);
    const f = customVjp(named, (x) => [square(x), x], (x, ct) => [ct.mul(x)]);
    expect(message(() => jvp(f, [x()], [x()]))).toMatchInlineSnapshot(`
      "[DERIVATIVE] named: has a customVjp, which says nothing about forward mode
        at:  test/errors/custom-rules.test.ts:LINE
        fix: customJvp(f, rule), which serves both modes"
    `);
  });

  test('what is no function', () => {
    expect(message(() => customVjp(square, square as never, undefined as never))).toMatchInlineSnapshot(`
      "[VALUE] customVjp: undefined is not a function
        at:  test/errors/custom-rules.test.ts:LINE
        fix: customVjp((x) => np.sin(x), (x) => [np.sin(x), x], (x, ct) => [ct.mul(np.cos(x))])"
    `);
  });
});

describe('checkpoint', () => {
  test('a policy or a name that is none', () => {
    expect(message(() => checkpoint(square, { policy: 'dots_saveable' as 'dotsSaveable' }))).toMatchInlineSnapshot(`
      "[VALUE] checkpoint: 'dots_saveable' is no policy; there are nothingSaveable, everythingSaveable, dotsSaveable, dotsWithNoBatchDimsSaveable and saveOnlyTheseNames(...)
        at:  test/errors/custom-rules.test.ts:LINE
        fix: checkpoint(f, { policy: 'dotsSaveable' })"
    `);
    expect(message(() => saveOnlyTheseNames('a,b'))).toMatchInlineSnapshot(`
      "[VALUE] saveOnlyTheseNames: 'a,b' is no name; a name is a text without commas
        at:  test/errors/custom-rules.test.ts:LINE
        fix: saveOnlyTheseNames('hidden')"
    `);
    expect(message(() => checkpointName(x(), ''))).toMatchInlineSnapshot(`
      "[VALUE] checkpointName: '' is no name; a name is a text without commas
        at:  test/errors/custom-rules.test.ts:LINE
        fix: checkpointName(x, 'hidden')"
    `);
  });
});
