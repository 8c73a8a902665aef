/** debug.errorIf and debug.checkNans, on `cpu`: a call that fails gives no number. */
import { describe, expect, test } from 'vitest';
import { HeddleError, Param, cpu, debug, disableJit, grad, jit, lax, nnx, np, vmap, withDevice } from '../../src/index.ts';
import type { Tensor } from '../../src/index.ts';
import { assertAllClose } from '../../src/testing/index.ts';
import { codeOf } from '../support/host.ts';
import { usePrintedLines } from '../support/lines.ts';

const on = <T>(f: () => T): T => withDevice(cpu, f);

/** The error with which the read of a tensor rejects. */
async function failureOf(read: Tensor): Promise<HeddleError> {
  const reason: unknown = await read.data().then(() => null, (error: unknown) => error);
  if (reason instanceof HeddleError) return reason;
  throw new Error(`the read gave ${String(reason)}`);
}

const positive = (x: Tensor): Tensor => {
  debug.errorIf(np.less(x, 0), 'x is negative');
  return np.sqrt(x);
};

describe('errorIf', () => {
  test('the reads of all results reject, with the message and the line; of other calls they do not', async () => {
    const f = jit((x: Tensor) => [positive(x), x.mul(2)]);
    const [good, bad] = on(() => [f(np.array([4])), f(np.array([-4]))]);
    for (const tensor of bad!) {
      const { code, problem, where } = await failureOf(tensor);
      expect([code, problem]).toEqual(['CHECK', 'x is negative']);
      expect(where).toMatch(/^test\/debug\/checks\.test\.ts:\d+:9$/);
    }
    await assertAllClose(good![0], [2]);
    await assertAllClose(good![1], [8]);
  });

  test('what is computed from a failed value fails with it, and says of which', async () => {
    const bad = on(() => jit(positive)(np.array(-1)));
    try {
      on(() => jit((x: Tensor) => x.add(1))(bad));
      expect.unreachable();
    } catch (error) {
      expect(String((error as HeddleError).cause)).toContain('x is negative');
    }
  });

  test('written Variables fail too', async () => {
    const param = new Param(3);
    const step = jit((p: Param, x: Tensor) => {
      debug.errorIf(np.greater(x, 1), 'a step too far');
      p.value = p.value.add(x);
    });
    on(() => step(param, np.array(1)));
    await assertAllClose(param.value, 4);
    on(() => step(param, np.array(2)));
    expect((await failureOf(param.value)).problem).toBe('a step too far');
    expect(codeOf(() => on(() => step(param, np.array(0))))).toBe('CHECK');
  });

  test('the first check in the order of the program speaks, and in scans the first step', async () => {
    const f = (x: Tensor): Tensor => {
      const [sum] = lax.scan((c: Tensor, k: Tensor) => {
        debug.errorIf(np.greater(c, 5), 'too much');
        return [c.add(k), null];
      }, x, np.array([1, 2, 3, 4]), { reverse: true });
      debug.errorIf(np.greater(sum, 5), 'too much in the end');
      return sum;
    };
    expect((await failureOf(on(() => jit(f)(np.array(0))))).problem).toBe('too much (step 1)');
    expect((await failureOf(on(() => jit(f)(np.array(-4))))).problem).toBe('too much in the end');
    await assertAllClose(on(() => jit(f)(np.array(-9))), 1);
  });

  test('in a branch it counts when the branch is taken, under vmap for each element', async () => {
    const root = (x: Tensor): Tensor => lax.cond(np.less(x, 0), (y: Tensor) => y.neg(), (y: Tensor) => positive(y.sub(1)), x);
    await assertAllClose(on(() => jit(root)(np.array(-4))), 4);
    await failureOf(on(() => jit(root)(np.array(0.5))));
    await assertAllClose(on(() => vmap(root)(np.array([-4, 5]))), [4, 2]);
    await failureOf(on(() => vmap(root)(np.array([-4, 0.5]))));
  });

  test('under vmap one element fails the call; under grad the forward pass does', async () => {
    await assertAllClose(on(() => vmap(positive)(np.array([1, 4]))), [1, 2]);
    await failureOf(on(() => vmap(vmap(positive))(np.array([[1, 4], [9, -1]]))));
    await failureOf(on(() => grad(positive)(np.array(-1))));
    await assertAllClose(on(() => grad(positive)(np.array(4))), 0.25);
  });

  test('names the module', async () => {
    class Root extends nnx.Module {
      forward(x: Tensor): Tensor {
        return positive(x);
      }
    }
    class Net extends nnx.Module {
      readonly roots: Root[] = [new Root()];
      forward(x: Tensor): Tensor {
        return this.roots[0]!.forward(x);
      }
    }
    const f = jit((net: Net, x: Tensor) => net.forward(x));
    expect((await failureOf(on(() => f(new Net(), np.array(-1))))).problem).toBe('x is negative (roots/0)');
  });

  test('outside of traces it throws at once', () => {
    expect(() => positive(np.array(-1))).toThrow('[CHECK] x is negative\n  at:  test/debug/checks.test.ts:19:');
    expect(codeOf(() => on(() => disableJit(() => jit(positive)(np.array(-1)))))).toBe('CHECK');
  });

  test('of a predicate that is no bool', () => {
    expect(codeOf(() => debug.errorIf(np.array(1), 'no'))).toBe('DTYPE');
    expect(codeOf(() => debug.errorIf(true, 1 as never))).toBe('VALUE');
  });
});

describe('checkNans', () => {
  const shifted = (x: Tensor): Tensor => np.log(x.sub(2)).add(1);

  test('names the operation that gave the first one', async () => {
    await assertAllClose(on(() => debug.checkNans(shifted)(np.array([3, 4]))), [1, 1 + Math.log(2)]);
    const error = await failureOf(on(() => debug.checkNans(shifted)(np.array([3, 1]))));
    expect([error.code, error.problem]).toEqual(['CHECK', 'log gave NaN']);
    expect(error.where).toMatch(/^test\/debug\/checks\.test\.ts:\d+:45$/);
  });

  test('in jit, around and inside, in scan and cond', async () => {
    const bad = np.array(1);
    await failureOf(on(() => jit(debug.checkNans(shifted))(bad)));
    await failureOf(on(() => debug.checkNans(jit(shifted))(bad)));
    const loop = debug.checkNans((x: Tensor) => lax.scan((c: Tensor) => [np.sqrt(c.sub(1)), null], x, null, { length: 3 })[0]);
    expect((await failureOf(on(() => loop(np.array(3))))).problem).toBe('sqrt gave NaN (step 2)');
    const choose = debug.checkNans((x: Tensor) => lax.cond(np.less(x, 2), (y: Tensor) => y, shifted, x));
    await assertAllClose(on(() => choose(bad)), 1);
    await failureOf(on(() => choose(np.array(NaN))));
  });

  test('of a loop of unknown length the results', async () => {
    const f = debug.checkNans((x: Tensor) =>
      lax.whileLoop((c: Tensor) => np.greater(c, 0), (c: Tensor) => np.sqrt(c.sub(1)), x),
    );
    expect((await failureOf(on(() => f(np.array(0.5))))).problem).toBe('while gave NaN');
    await assertAllClose(on(() => f(np.array(1))), 0);
  });

  test('of a derivative that is NaN where the function is not', async () => {
    const f = (x: Tensor): Tensor => np.where(np.greater(x, 0), np.sqrt(x), 0);
    await assertAllClose(on(() => debug.checkNans(f)(np.array(0))), 0);
    const { problem } = await failureOf(on(() => debug.checkNans(grad(f))(np.array(0))));
    expect(problem).toMatch(/^\w+ gave NaN$/);
  });

  test('keeps state and static results as they are', async () => {
    const param = new Param(1);
    const f = debug.checkNans((p: Param) => {
      p.value = p.value.add(1);
      return { name: 'static', p };
    });
    const result = on(() => f(param));
    expect([result.name, result.p]).toEqual(['static', param]);
    await assertAllClose(param.value, 2);
  });
});

describe('a call with both', () => {
  const printed = usePrintedLines();

  test('prints also when it fails', async () => {
    const f = jit((x: Tensor) => (debug.print('x = {}', x), positive(x)));
    const lines = await printed(async () => {
      const [good, bad] = on(() => [f(np.array(4)), f(np.array(-4))]);
      await failureOf(bad!);
      await assertAllClose(good, 2);
    });
    expect(lines).toEqual(['x = 4', 'x = -4']);
  });
});
