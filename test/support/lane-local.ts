/** Random scans that one kernel can run: within threads, or within workgroups. */
import type fc from 'fast-check';
import { aval } from '../../compiler/ir/jaxpr.ts';
import { ELEMENTWISE } from '../../compiler/primitives/elementwise.ts';
import { float32, int32 } from './jaxprs.ts';
import { randomLoops } from './random-loops.ts';
import type { RandomLoop } from './random-loops.ts';

const NAMES: ReadonlySet<string> = new Set([...ELEMENTWISE.map(({ name }) => name), 'jit', 'cond', 'scan']);

/** Everything is elementwise, and has four elements or is a scalar. */
export const laneLocal: fc.Arbitrary<RandomLoop> = randomLoops((name) => NAMES.has(name), {
  consts: [float32(4), float32(), int32(4)],
  carries: [float32(4), float32(4), int32(4), aval('bool', [4]), float32(), int32()],
  slices: [float32(4), float32(), int32(4), aval('bool', [4])],
  lengths: [2, 3, 4, 5, 6],
});

const ROW_NAMES: ReadonlySet<string> = new Set([
  'add', 'sub', 'mul', 'max', 'neg', 'tanh', 'lt', 'select_n', 'dot_general', 'reduce_sum', 'reduce_max', 'broadcast_in_dim',
  'scan',
]);

/** Carries of three rows; steps may reduce rows and multiply them by matrices, and sometimes mix them. */
export const rowLocal: fc.Arbitrary<RandomLoop> = randomLoops((name) => ROW_NAMES.has(name), {
  consts: [float32(4, 4), float32(4, 4), float32(4)],
  carries: [float32(3, 4), float32(3, 4), float32(3), int32()],
  slices: [float32(3, 4), float32(3)],
  lengths: [2, 3, 4],
});
