/** The kernel graphs of random programs compute what the programs mean. */
import fc from 'fast-check';
import type { HostArray } from '../../compiler/dtype.ts';
import { fuse } from '../../compiler/compile.ts';
import { flatten } from '../../compiler/fuse/flatten.ts';
import { buildGraph } from '../../compiler/fuse/kernels.ts';
import { materialize } from '../../compiler/fuse/materialize.ts';
import type { Jaxpr } from '../../compiler/ir/jaxpr.ts';
import { DEFAULT_PROFILE } from '../../compiler/program.ts';
import type { DeviceProfile } from '../../compiler/program.ts';
import { evaluate } from '../../compiler/reference/evaluate.ts';
import { arraysOf, expectAllSame } from '../support/arrays.ts';
import { executeGraph } from '../support/execute-graph.ts';
import { property } from '../support/property.ts';
import { RANDOM_INPUTS, randomPrograms } from '../support/random-jaxpr.ts';

const inputs = arraysOf(RANDOM_INPUTS, { low: -3, high: 3 });

function computesTheSame(jaxpr: Jaxpr, arrays: readonly HostArray[], profile: DeviceProfile): void {
  expectAllSame(executeGraph(fuse(jaxpr, profile), arrays), evaluate(jaxpr, arrays), 1e-5);
}

property(
  'kernel graphs of random programs compute what the reference computes',
  [randomPrograms(12), inputs],
  ({ jaxpr }, arrays) => computesTheSame(jaxpr, arrays, DEFAULT_PROFILE),
  100,
);

property(
  'so do those of long programs',
  [randomPrograms(40), inputs],
  ({ jaxpr }, arrays) => computesTheSame(jaxpr, arrays, DEFAULT_PROFILE),
  50,
);

property(
  'so do those that store any of their values',
  [randomPrograms(20), inputs, fc.infiniteStream(fc.boolean())],
  ({ jaxpr }, arrays, stored) => {
    const program = flatten(jaxpr);
    const operations = [...program.definitions].flatMap(([variable, { kind }]) => (kind === 'operation' ? variable : []));
    const forced = new Set(operations.filter(() => stored.next().value === true));
    const graph = buildGraph(program.block, materialize(program, DEFAULT_PROFILE, forced), DEFAULT_PROFILE);
    expectAllSame(executeGraph(graph, arrays), evaluate(jaxpr, arrays), 1e-5);
  },
  100,
);

property(
  'so do those for a software adapter',
  [randomPrograms(20), inputs],
  ({ jaxpr }, arrays) => computesTheSame(jaxpr, arrays, { ...DEFAULT_PROFILE, software: true }),
  50,
);
