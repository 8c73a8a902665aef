/** Collectives over names that no vmap binds. */
import { expect, test } from 'vitest';
import { cpu, lax, np, vmap, withDevice } from '../../src/index.ts';
import type { Tensor } from '../../src/index.ts';
import { messageOf } from '../support/messages.ts';

const on = <T>(f: () => T): T => withDevice(cpu, f);

test('no axis has a name', () => {
  expect(messageOf(() => lax.psum(np.ones([2]), 'batch'))).toMatchInlineSnapshot(`
    "[AXIS_NAME] lax.psum: no mapped axis is called 'batch' here; none has a name
      at:  test/errors/axis-names.test.ts:LINE
      fix: vmap(f, { axisName: 'batch' })"
  `);
  expect(messageOf(() => on(() => vmap((x: Tensor) => lax.axisIndex('batch').add(x))(np.ones([2]))))).toMatchInlineSnapshot(`
    "[AXIS_NAME] lax.axisIndex: no mapped axis is called 'batch' here; none has a name
      at:  test/errors/axis-names.test.ts:LINE
      fix: vmap(f, { axisName: 'batch' })"
  `);
});

test('the axes have other names', () => {
  const f = vmap(vmap((x: Tensor) => lax.pmean(x, 'batch'), { axisName: 'row' }), { axisName: 'column' });
  expect(messageOf(() => on(() => f(np.ones([2, 3]))))).toMatchInlineSnapshot(`
    "[AXIS_NAME] lax.pmean: no mapped axis is called 'batch' here; there are row (3), column (2)
      at:  test/errors/axis-names.test.ts:LINE
      fix: vmap(f, { axisName: 'batch' })"
  `);
});

test('lax.eager interrupts the vmap that binds the name', () => {
  const named = vmap((x: Tensor) => lax.eager(() => lax.psum(np.ones([2]), 'batch')).add(x), { axisName: 'batch' });
  expect(messageOf(() => on(() => named(np.ones([2]))))).toMatchInlineSnapshot(`
    "[AXIS_NAME] lax.psum: no mapped axis is called 'batch' here; none has a name
      at:  test/errors/axis-names.test.ts:LINE
      fix: vmap(f, { axisName: 'batch' })"
  `);
});

test('what is no name', () => {
  const unchecked = (value: unknown): never => value as never;
  expect(messageOf(() => vmap((x: Tensor) => x, { axisName: unchecked(0) }))).toMatchInlineSnapshot(`
    "[VALUE] vmap(anonymous): axisName is the number 0, and must be a name
      at:  test/errors/axis-names.test.ts:LINE
      fix: vmap(f, { axisName: 'batch' })"
  `);
  expect(messageOf(() => vmap((x: Tensor) => x, { axisName: '' }))).toMatchInlineSnapshot(`
    "[VALUE] vmap(anonymous): axisName is empty, and must be a name
      at:  test/errors/axis-names.test.ts:LINE
      fix: vmap(f, { axisName: 'batch' })"
  `);
  expect(messageOf(() => lax.axisSize(unchecked(0)))).toMatchInlineSnapshot(`
    "[AXIS_NAME] lax.axisSize: no mapped axis is called the number 0 here; none has a name
      at:  test/errors/axis-names.test.ts:LINE
      fix: vmap(f, { axisName: 'batch' })"
  `);
});

test('an axis that the gathered tensor does not have', () => {
  const f = vmap((x: Tensor) => lax.allGather(x, 'batch', { axis: 2 }), { axisName: 'batch' });
  expect(messageOf(() => on(() => f(np.ones([2, 3]))))).toMatchInlineSnapshot(`
    "[AXIS] all_gather: makes axis 2 of an operand of rank 1
      at:  test/errors/axis-names.test.ts:LINE
      fix: lax.allGather(x, name, { axis: 0 })"
  `);
});
