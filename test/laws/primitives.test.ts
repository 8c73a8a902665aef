/** Laws over every row of the primitive table, on a GPU: WGSL = reference, jit = eager, optimize = identity. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { jit } from '../../src/jit.ts';
import type { Tensor } from '../../src/trace/tensor.ts';
import { compile } from '../../compiler/compile.ts';
import type { HostArray } from '../../compiler/dtype.ts';
import type { Params } from '../../compiler/ir/jaxpr.ts';
import { verifyJaxpr } from '../../compiler/ir/verify.ts';
import { optimize } from '../../compiler/optimize/pipeline.ts';
import { PRIMITIVES } from '../../compiler/primitives/index.ts';
import type { Primitive, Sample } from '../../compiler/primitives/primitive.ts';
import { countDispatches } from '../../compiler/program.ts';
import { evaluate } from '../../compiler/reference/evaluate.ts';
import { bind } from '../../src/trace/bind.ts';
import { hostTensor } from '../../src/trace/literal.ts';
import { arraysOf, expectAllSame } from '../support/arrays.ts';
import { expectClose } from '../support/close.ts';
import { equationJaxpr } from '../support/laws.ts';
import { property } from '../support/property.ts';
import { useWgsl } from '../support/wgsl.ts';

const wgsl = useWgsl();

/** Values drawn for each sample; the pipelines of a sample are compiled once. */
const DRAWS = 2;

const usesFloat16 = ({ inputs, params }: Sample<Params>): boolean =>
  [...inputs.map(({ dtype }) => dtype), ...Object.values(params)].includes('float16');

for (const primitive of PRIMITIVES) {
  if (primitive.lowering.kind === 'none') continue;
  const samples = primitive.samples.filter((sample) => !usesFloat16(sample));
  describe(primitive.name, () => {
    test(`${primitive.name} has samples`, () => {
      expect(samples.length).toBeGreaterThan(0);
    });
    if (samples.length === 0) return;

    property(
      `${primitive.name}: WGSL equals the reference, jit equals eager`,
      [calls(primitive, samples)],
      (call) => onDevice(primitive, call),
      DRAWS * samples.length,
    );

    property(
      `${primitive.name}: optimizing changes nothing`,
      [calls(primitive, samples)],
      ({ sample, inputs }) => {
        const jaxpr = equationJaxpr(primitive, sample.inputs, sample.params);
        const optimized = optimize(jaxpr);
        verifyJaxpr(optimized);
        expectAllSame(evaluate(optimized, inputs), evaluate(jaxpr, inputs));
      },
      20,
    );
  });
}

interface DrawnCall {
  readonly sample: Sample<Params>;
  readonly inputs: readonly HostArray[];
}

function calls(primitive: Primitive, samples: readonly Sample<Params>[]): fc.Arbitrary<DrawnCall> {
  return fc
    .constantFrom(...samples)
    .chain((sample) => arraysOf(sample.inputs, primitive.domain).map((inputs) => ({ sample, inputs })));
}

async function onDevice(primitive: Primitive, { sample, inputs }: DrawnCall): Promise<void> {
  const expected = primitive.reference(inputs, sample.params, evaluate);
  const tensors = inputs.map(({ data, shape, dtype }) => hostTensor(data, shape, dtype));
  const run = (...operands: Tensor[]): Tensor[] => bind(primitive, operands, sample.params);
  wgsl.reset();
  const eager = await readAll(run(...tensors));
  const { program } = compile(
    optimize(equationJaxpr(primitive, sample.inputs, sample.params)),
    wgsl.device.profile,
    primitive.name,
  );
  // The host encodes more steps than one of a loop that it drives.
  const isDriven = program.steps.some(({ kind }) => kind === 'while');
  const least = countDispatches(program.steps);
  if (isDriven) expect(wgsl.counts.dispatches).toBeGreaterThan(least);
  else expect(wgsl.counts.dispatches).toBe(least);
  const jitted = await readAll(jit(run)(...tensors));
  eager.forEach((result, i) => expectClose(result, expected[i]!, primitive.tolerance));
  expectAllSame(jitted, eager);
}

async function readAll(tensors: readonly Tensor[]): Promise<HostArray[]> {
  return Promise.all(tensors.map(async (tensor) => ({ dtype: tensor.dtype, shape: tensor.shape, data: await tensor.data() })));
}
