/** The kernel graphs of random programs compute what the programs mean. */
import fc from 'fast-check';
import { fuse } from '../../compiler/compile.ts';
import type { HostArray } from '../../compiler/dtype.ts';
import { flatten } from '../../compiler/fuse/flatten.ts';
import type { KernelGraph } from '../../compiler/fuse/graph.ts';
import { buildGraph } from '../../compiler/fuse/kernels.ts';
import { materialize } from '../../compiler/fuse/materialize.ts';
import type { Jaxpr } from '../../compiler/ir/jaxpr.ts';
import { DEFAULT_PROFILE } from '../../compiler/program.ts';
import { evaluate } from '../../compiler/reference/evaluate.ts';
import { executeGraph } from '../support/execute-graph.ts';
import { expectFromDevice } from '../support/program-laws.ts';
import { property } from '../support/property.ts';
import { randomPrograms } from '../support/random-programs.ts';

function computes(graph: KernelGraph, jaxpr: Jaxpr, inputs: readonly HostArray[]): void {
  expectFromDevice(executeGraph(graph, inputs), evaluate(jaxpr, inputs));
}

property('kernel graphs compute what the reference computes', [randomPrograms()], ({ jaxpr, inputs }) => {
  computes(fuse(jaxpr, DEFAULT_PROFILE), jaxpr, inputs);
});

property('so do those for a software adapter', [randomPrograms()], ({ jaxpr, inputs }) => {
  computes(fuse(jaxpr, { ...DEFAULT_PROFILE, software: true }), jaxpr, inputs);
});

property('so do those that store any of their values', [randomPrograms(), fc.infiniteStream(fc.boolean())], (program, stored) => {
  const { jaxpr, inputs } = program;
  const blocks = flatten(jaxpr);
  const operations = [...blocks.definitions].flatMap(([variable, { kind }]) => (kind === 'operation' ? variable : []));
  const forced = new Set(operations.filter(() => stored.next().value === true));
  computes(buildGraph(blocks.block, materialize(blocks, DEFAULT_PROFILE, forced), DEFAULT_PROFILE), jaxpr, inputs);
});
