/** Lifetimes and slots of temporaries. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compile } from '../../compiler/compile.ts';
import { assignSlots, lifetimesOf } from '../../compiler/fuse/memory.ts';
import { DEFAULT_PROFILE } from '../../compiler/program.ts';
import type { BufferRef, Step } from '../../compiler/program.ts';
import { float32, matmul, jaxprOf } from '../support/jaxprs.ts';
import { property } from '../support/property.ts';

function dispatch(...buffers: BufferRef[]): Step {
  return { kind: 'dispatch', kernel: 0, buffers, grid: [1, 1, 1], loops: [] };
}

describe('lifetimes', () => {
  test('go from the first use to the last', () => {
    expect([...lifetimesOf([dispatch(0, 1), dispatch(1, 2), dispatch(0, 2)])]).toEqual([
      [0, { first: 0, last: 2 }], [1, { first: 0, last: 1 }], [2, { first: 1, last: 2 }],
    ]);
  });

  test('within one step of a loop are short, across its border last the whole loop', () => {
    const loop: Step = { kind: 'loop', loop: 0, length: 3, steps: [dispatch(0, 1), dispatch(1, 2), dispatch(2, 3)] };
    const lifetimes = lifetimesOf([dispatch(0), loop, dispatch(3)]);
    expect(lifetimes.get(0)).toEqual({ first: 0, last: 3 });
    expect(lifetimes.get(1)).toEqual({ first: 1, last: 2 });
    expect(lifetimes.get(3)).toEqual({ first: 1, last: 4 });
  });

  test('of carries and their initial values last the whole loop, and no longer than needed outside of it', () => {
    const carry = { loop: 1, initial: 5, even: 6, odd: 7 };
    const steps = [dispatch({ ...carry, side: 'read' }, { ...carry, side: 'write' }), dispatch(8)];
    const inner: Step = { kind: 'loop', loop: 1, length: 2, steps };
    const outer: Step = { kind: 'loop', loop: 0, length: 2, steps: [dispatch(5), inner, dispatch(7, 9)] };
    const lifetimes = lifetimesOf([outer, dispatch(9)]);
    expect(lifetimes.get(5)).toEqual({ first: 0, last: 2 });
    expect(lifetimes.get(6)).toEqual({ first: 1, last: 2 });
    expect(lifetimes.get(7)).toEqual({ first: 1, last: 3 });
    expect(lifetimes.get(8)).toEqual({ first: 2, last: 2 });
    expect(lifetimes.get(9)).toEqual({ first: 0, last: 4 });
  });
});

describe('slots', () => {
  const ranges = fc.tuple(fc.nat({ max: 20 }), fc.nat({ max: 5 })).map(([first, length]) => ({ first, last: first + length }));
  const temporaries = fc.array(fc.record({ bytes: fc.nat({ max: 100 }), range: ranges }), { maxLength: 20 });

  property('are never shared by two that live at the same time', [temporaries], (drawn) => {
    const buffers = drawn.map((temporary, buffer) => ({ ...temporary, buffer }));
    const slots = assignSlots(buffers);
    for (const a of buffers) {
      for (const b of buffers) {
        if (a === b || slots.get(a.buffer) !== slots.get(b.buffer)) continue;
        expect(a.range.last < b.range.first || b.range.last < a.range.first).toBe(true);
      }
    }
  });

  test('of a chain are two', () => {
    const jaxpr = jaxprOf([float32(8, 8)], (o, x) => {
      let power = x!;
      for (let i = 0; i < 6; i++) power = matmul(o, power, x!);
      return power;
    });
    const { buffers } = compile(jaxpr, DEFAULT_PROFILE, 'f').program;
    expect(new Set(buffers.flatMap(({ slot }) => slot ?? []))).toEqual(new Set([0, 1]));
  });
});
