/** lax.eager inside a trace: operations run at once, and the state that the trace threads is out of reach. */
import { expect, test } from 'vitest';
import { Module, Param, PathRngs, jit, lax, makeJaxpr, np, random } from '../../src/index.ts';
import type { Tensor } from '../../src/index.ts';
import { assertAllClose } from '../../src/testing/index.ts';
import { codeOf } from '../support/host.ts';
import { useWgsl } from '../support/wgsl.ts';

useWgsl();

class Scale extends Module {
  readonly w: Param = new Param(3);

  forward(x: Tensor): Tensor {
    return x.mul(this.w);
  }
}

const traced = (f: () => Tensor): (() => unknown) => () => makeJaxpr((x: Tensor) => x.add(lax.eager(f)))(np.ones([2]));

test('concrete tensors are computed once, while the trace waits', () => {
  const closed = makeJaxpr((x: Tensor) => x.add(lax.eager(() => np.ones([2]).mul(3).add(1))))(np.ones([2]));
  expect(closed.jaxpr.equations).toHaveLength(1);
});

test('Variables of the trace can be neither read nor written', async () => {
  const variable = new Param(1);
  const write = (): Tensor => {
    variable.value = 5;
    return np.array(1);
  };
  expect(codeOf(traced(() => variable.value))).toBe('CONCRETIZATION');
  expect(codeOf(traced(write))).toBe('STATE_WRITE');
  expect(codeOf(traced(() => jit(() => variable.value.add(1))()))).toBe('CONCRETIZATION');
  await assertAllClose(variable.value, np.array(1));
});

test('Variables made inside can', async () => {
  const f = jit((x: Tensor) =>
    x.add(
      lax.eager(() => {
        const scale = new Scale();
        scale.w.value = 4;
        return jit((y: Tensor) => scale.forward(y))(np.array(2));
      }),
    ),
  );
  await assertAllClose(f(np.array(1)), np.array(9));
});

test('a PathRngs from outside cannot advance', () => {
  const rngs = new PathRngs(random.key(0));
  expect(codeOf(traced(() => rngs.makeRng()))).toBe('RNG');
  expect(rngs.count).toBe(0);
});

test('outside a trace it is a plain call', async () => {
  const variable = new Param(1);
  lax.eager(() => {
    variable.value = variable.value.add(1);
  });
  await assertAllClose(variable.value, np.array(2));
});
