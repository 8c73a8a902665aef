/** A fix is a line of code: run in place of what failed, it does not fail. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HeddleError, np } from '../../src/index.ts';
import type { Tensor } from '../../src/index.ts';
import { property } from '../support/property.ts';

const shape = fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 3 });

/** Runs `f`, and where it fails the fix of its error, with the operands under the names that fixes give them. */
function mend(f: (...xs: Tensor[]) => unknown, xs: readonly Tensor[]): void {
  try {
    f(...xs);
  } catch (error) {
    if (!(error instanceof HeddleError)) throw error;
    const [x, y] = xs;
    const others = /np\.(concatenate|stack)/.test(error.message) ? '(xs,' : xs.length === 1 ? '(x,' : '(x, y,';
    const code = (error.fix ?? '').replace('(...,', others);
    const run = new Function('np', 'x', 'y', 'xs', `return ${code};`) as (...scope: unknown[]) => unknown;
    expect(() => run(np, x, y, xs), error.message).not.toThrow();
  }
}

describe('the fix works after operands of any shapes were given to', () => {
  const binary: Readonly<Record<string, (x: Tensor, y: Tensor) => unknown>> = {
    'np.add': (x, y) => np.add(x, y),
    'np.matmul': (x, y) => np.matmul(x, y),
    'np.dot': (x, y) => np.dot(x, y),
    'np.inner': (x, y) => np.inner(x, y),
    'np.broadcastTo': (x, y) => np.broadcastTo(x, y.shape),
    'np.broadcastShapes': (x, y) => np.broadcastShapes(x.shape, y.shape),
    'np.concatenate': (x, y) => np.concatenate([x, y]),
    'np.concatenate along the last axis': (x, y) => np.concatenate([x, y], { axis: -1 }),
    'np.stack': (x, y) => np.stack([x, y]),
    'np.reshape': (x, y) => np.reshape(x, y.shape),
  };
  for (const [name, f] of Object.entries(binary)) {
    property(name, [shape, shape], (a, b) => mend(f as (...xs: Tensor[]) => unknown, [np.ones(a), np.ones(b)]));
  }
  property('np.where', [shape, shape, shape], (a, b, c) => {
    mend((x, y, z) => np.where(x!, y!, z!), [np.ones(a), np.ones(b), np.ones(c)]);
  });
  property('np.sum', [shape, fc.integer({ min: -4, max: 4 })], (a, axis) => mend((x) => np.sum(x!, { axis }), [np.ones(a)]));
  property('np.transpose', [shape, fc.array(fc.integer({ min: -3, max: 3 }))], (a, axes) => {
    mend((x) => np.transpose(x!, axes), [np.ones(a)]);
  });
});

describe('the fix of subscripts works', () => {
  for (const subscripts of ['ij,jk->ik', 'ij,kj', 'i,i->', '...i,...i->...', 'bij,bjk->bik', 'ij,jk,kl->il']) {
    property(subscripts, [shape, shape], (a, b) => {
      mend((x, y) => np.einsum(subscripts, x!, y!), [np.ones(a), np.ones(b)]);
    });
  }
  test('for an output with a label that no operand has', () => {
    const f = (): Tensor => np.einsum('ij,jk->iz', np.ones([2, 3]), np.ones([3, 4]));
    expect(f).toThrow("fix: np.einsum('ij,jk->i', ...)");
  });
});
