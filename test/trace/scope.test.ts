/** Giving memory back at once: scope, using, dispose. */
import { describe, expect, test } from 'vitest';
import { Module, Param, jit, lax, memory, np, scope, vmap } from '../../src/index.ts';
import type { Tensor } from '../../src/index.ts';
import { assertAllClose } from '../../src/testing/index.ts';
import { useWgsl } from '../support/wgsl.ts';

useWgsl();

/** A tensor on the device, of 4 KB. */
const block = (): Tensor => np.ones([1024]).add(1);
const ones = (): Tensor => np.ones([2]);

/** Bytes by which `f` changes what is held. */
function held(f: () => unknown): number {
  const before = memory().live;
  f();
  return memory().live - before;
}

class Box extends Module {
  readonly w: Param;

  constructor(value: Tensor) {
    super();
    this.w = new Param(value);
  }
}

describe('scope', () => {
  test('frees what is made inside, except the result', async () => {
    let result!: Tensor;
    const bytes = held(() => {
      result = scope(() => {
        let x = block();
        for (let i = 0; i < 20; i++) x = x.add(1);
        return x;
      });
    });
    expect(bytes).toBe(4096);
    await assertAllClose(result, np.full([1024], 22));
    expect(held(() => result.dispose())).toBe(-4096);
  });

  test('frees what transforms make inside', () => {
    const running = (x: Tensor): Tensor => lax.scan((c: Tensor, row: Tensor) => [c.add(row), c] as const, np.zeros([4]), x)[1];
    const bytes = held(() => {
      scope(() => {
        vmap(running)(np.ones([2, 3, 4]));
        jit(running)(np.ones([3, 4]));
      });
    });
    expect(bytes).toBe(0);
  });

  test('keeps the values of Variables, also of those in the result', async () => {
    const variable = new Param(ones());
    const made = scope(() => {
      variable.value = ones().add(4);
      const box = new Box(ones().mul(7));
      box.w.update((w) => w.add(variable));
      return { box, pair: [variable.value] as const };
    });
    await assertAllClose([variable, made.box.w, made.pair[0]], [new Param(np.full([2], 5)), new Param(np.full([2], 12)), np.full([2], 5)]);
  });

  test('keeps what cached programs captured', async () => {
    const [add, inline] = scope(() => {
      const captured = ones().mul(3);
      const f = jit((x: Tensor) => x.add(captured));
      const g = jit((x: Tensor) => x.add(np.array([1, 2])));
      f(ones());
      g(ones());
      return [f, g] as const;
    });
    await assertAllClose([add(ones()), inline(ones())], [np.full([2], 4), np.array([2, 3])]);
  });

  test('a thousand steps hold no more memory than one', () => {
    const variable = new Param(block());
    const step = (): void => scope(() => variable.update((value) => value.mul(0.5).add(1).sub(0.5)));
    step();
    expect(
      held(() => {
        for (let i = 0; i < 1000; i++) step();
      }),
    ).toBe(0);
  });

  test('nests: the result of an inner scope belongs to the outer one', () => {
    const bytes = held(() => {
      scope(() => {
        const inner = scope(block);
        expect(inner.disposed).toBe(false);
      });
    });
    expect(bytes).toBe(0);
  });

  test('frees everything when it throws, and passes the error on', () => {
    const error = new RangeError('on purpose');
    let inside!: Tensor;
    const bytes = held(() =>
      expect(() =>
        scope(() => {
          inside = block();
          throw error;
        }),
      ).toThrow(error),
    );
    expect([bytes, inside.disposed]).toEqual([0, true]);
  });

  test('a pending read keeps its tensor', async () => {
    let read!: Promise<unknown>;
    scope(() => {
      read = ones().add(1).data();
    });
    expect(await read).toEqual(Float32Array.of(2, 2));
  });

  test('leaves tensors from outside alone, and what is stored elsewhere is gone', async () => {
    const outside = block();
    let stored!: Tensor;
    scope(() => {
      stored = outside.add(1);
    });
    expect(() => stored.add(1)).toThrow(/DISPOSED/);
    await assertAllClose(outside, np.full([1024], 2));
  });

  test('does nothing inside a trace', async () => {
    await assertAllClose(jit((x: Tensor) => scope(() => x.add(np.array([1, 2]))))(ones()), np.array([2, 3]));
  });

  test('is synchronous', () => {
    expect(() => scope(async () => block())).toThrow(/PROMISE/);
  });
});

describe('using', () => {
  test('a tensor', () => {
    const bytes = held(() => {
      using x = scope(block);
      expect(x.disposed).toBe(false);
    });
    expect(bytes).toBe(0);
  });

  test('a module: its Variables have no value afterwards, until they are given one', async () => {
    let kept!: Param;
    let handle!: Tensor;
    {
      using box = new Box(block());
      kept = box.w;
      handle = kept.value;
    }
    expect(() => kept.value).toThrow(/DISPOSED/);
    await assertAllClose(handle, np.full([1024], 2));
    kept.value = ones();
    await assertAllClose(kept.value, ones());
  });
});
