/** Whatever transforms are around it, what is sown for each element comes out at the place of that element, once. */
import fc from 'fast-check';
import { expect } from 'vitest';
import { checkpoint, cpu, grad, jit, jvp, lax, nnx, np, random, vjp, vmap, withDevice } from '../../../src/index.ts';
import type { Tensor } from '../../../src/index.ts';
import { assertAllClose } from '../../../src/testing/index.ts';
import { property } from '../../support/property.ts';

type Elementwise = (x: Tensor) => Tensor;
type Wrap = (f: Elementwise) => Elementwise;

/** Of these each takes an axis from the front. */
const alongAxes: Readonly<Record<string, Wrap>> = {
  vmap: (f) => vmap(f),
  map: (f) => (x) => lax.map(f, x),
  'map in chunks': (f) => (x) => lax.map(f, x, { batchSize: 2 }),
  scan: (f) => (x) => lax.scan((carry: null, each: Tensor) => [carry, f(each)] as const, null, x)[1],
  'scan in reverse': (f) => (x) => lax.scan((carry: null, each: Tensor) => [carry, f(each)] as const, null, x, { reverse: true })[1],
  'scan, unrolled': (f) => (x) => lax.scan((carry: null, each: Tensor) => [carry, f(each)] as const, null, x, { unroll: 2 })[1],
  'scan with checkpoint': (f) => (x) =>
    lax.scan((carry: null, each: Tensor) => [carry, f(each)] as const, null, x, { checkpoint: true })[1],
};

const others: Readonly<Record<string, Wrap>> = {
  jit: (f) => jit(f, { device: cpu }),
  grad: (f) => grad((x: Tensor) => np.sum(f(x))),
  jvp: (f) => (x) => jvp(f, [x], [np.onesLike(x)])[1] as Tensor,
  vjp: (f) => (x) => vjp(f, x)[1](np.onesLike(x))[0] as Tensor,
  checkpoint: (f) => checkpoint(f),
  cond: (f) => (x) => lax.cond(np.scalar(true), f, (x: Tensor) => (nnx.sow(x, 'h'), x), x),
};

const wraps = { ...alongAxes, ...others };
const EXTENTS = [3, 2, 3, 2];

property('a stack of transforms', [fc.array(fc.constantFrom(...Object.keys(wraps)), { maxLength: 4 })], async (names) => {
  const sowing: Elementwise = (x) => {
    nnx.sow(x.mul(10), 'h');
    return np.sin(x);
  };
  const f = names.reduceRight<Elementwise>((inner, name) => wraps[name]!(inner), sowing);
  const shape = EXTENTS.slice(0, names.filter((name) => name in alongAxes).length);
  const on = <T>(run: () => T): T => withDevice(cpu, run);
  const x = on(() => random.normal(random.key(names.length), shape));
  const plain = on(() => f(x));
  for (const call of [nnx.capture(f), jit(nnx.capture(f), { device: cpu }), nnx.capture(jit(f, { device: cpu }))]) {
    const [y, captured] = on(() => call(x));
    expect([...captured.keys()]).toEqual(['h/0']);
    await assertAllClose([captured.get('h/0').value, y], [on(() => x.mul(10)), plain], { atol: 1e-5 });
  }
}, 40);
