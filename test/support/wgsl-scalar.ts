/** Runs the scalar WGSL of pointwise primitives on a device of its own, without the rest of the compiler. */
import { openGpu } from '../../runtime/adapter.node.ts';
import type { DType, HostArray, TypedArray } from '../../compiler/dtype.ts';
import { aval } from '../../compiler/ir/jaxpr.ts';
import type { Params } from '../../compiler/ir/jaxpr.ts';
import type { Primitive } from '../../compiler/primitives/primitive.ts';
import type { Expr, Value, WgslHelper } from '../../compiler/scalar/expression.ts';
import { constant } from '../../compiler/scalar/indices.ts';

export interface Call {
  readonly primitive: Primitive;
  readonly params: Params;
}

interface Written {
  readonly text: string;
  readonly dtype: DType;
  readonly helpers: readonly WgslHelper[];
}

const READ: Readonly<Record<DType, (word: string) => string>> = {
  float32: (word) => `bitcast<f32>(${word})`,
  float16: (word) => `f16(bitcast<f32>(${word}))`,
  int32: (word) => `bitcast<i32>(${word})`,
  uint32: (word) => word,
  bool: (word) => `${word} != 0u`,
};

const WRITE: Readonly<Record<DType, (value: string) => string>> = {
  float32: (value) => `bitcast<u32>(${value})`,
  float16: (value) => `bitcast<u32>(f32(${value}))`,
  int32: (value) => `bitcast<u32>(${value})`,
  uint32: (value) => value,
  bool: (value) => `select(0u, 1u, ${value})`,
};

// GPUBufferUsage and GPUMapMode by value: MAP_READ 1, COPY_SRC 4, COPY_DST 8, STORAGE 128.
const INPUT = 128 | 8;
const OUTPUT = 128 | 4;
const STAGING = 1 | 8;

export class ScalarRunner {
  readonly device: GPUDevice;

  constructor(device: GPUDevice) {
    this.device = device;
  }

  static async open(): Promise<ScalarRunner> {
    const opened = await openGpu();
    if ('reason' in opened) throw new Error(opened.reason);
    const adapter = await opened.gpu.requestAdapter();
    if (adapter === null) throw new Error('no adapter');
    const features = (['shader-f16'] as const).filter((feature) => adapter.features.has(feature));
    return new ScalarRunner(await adapter.requestDevice({ requiredFeatures: features }));
  }

  get float16(): boolean {
    return this.device.features.has('shader-f16');
  }

  /** The outputs of every call on the same operands, which have one shape: one kernel computes them all. */
  async run(calls: readonly Call[], operands: readonly HostArray[]): Promise<HostArray[][]> {
    const [first] = operands;
    if (first === undefined) return [];
    const written = calls.map((call) => write(call, operands));
    const count = first.data.length;
    const words = await this.#dispatch(moduleText(written.flat(), operands, count), operands, written.flat().length * count);
    let position = 0;
    return written.map((outputs) =>
      outputs.map(({ dtype }) => {
        const data = decode(dtype, words.slice(position, (position += count)));
        return { dtype, shape: first.shape, data };
      }),
    );
  }

  close(): void {
    this.device.destroy();
  }

  async #dispatch(code: string, operands: readonly HostArray[], outputWords: number): Promise<Uint32Array> {
    const { device } = this;
    device.pushErrorScope('validation');
    const pipeline = device.createComputePipeline({ layout: 'auto', compute: { module: device.createShaderModule({ code }) } });
    const inputs = operands.map(({ data }) => {
      const buffer = device.createBuffer({ size: data.length * 4, usage: INPUT });
      device.queue.writeBuffer(buffer, 0, encode(data));
      return buffer;
    });
    const output = device.createBuffer({ size: outputWords * 4, usage: OUTPUT });
    const staging = device.createBuffer({ size: outputWords * 4, usage: STAGING });
    const entries = [...inputs, output].map((buffer, binding) => ({ binding, resource: { buffer } }));
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
    pass.dispatchWorkgroups(Math.ceil((operands[0]?.data.length ?? 0) / 64));
    pass.end();
    encoder.copyBufferToBuffer(output, 0, staging, 0, outputWords * 4);
    device.queue.submit([encoder.finish()]);
    const error = await device.popErrorScope();
    if (error !== null) throw new Error(`${error.message}\n${code}`);
    await staging.mapAsync(1);
    const words = new Uint32Array(staging.getMappedRange().slice(0));
    [...inputs, output, staging].forEach((buffer) => buffer.destroy());
    return words;
  }
}

function encode(data: TypedArray): Uint32Array<ArrayBuffer> {
  if (data instanceof Uint8Array) return Uint32Array.from(data);
  return Uint32Array.from(new Uint32Array(data.buffer, data.byteOffset, data.length));
}

function decode(dtype: DType, words: Uint32Array): TypedArray {
  if (dtype === 'bool') return Uint8Array.from(words);
  if (dtype === 'int32') return new Int32Array(words.buffer);
  return dtype === 'uint32' ? words : new Float32Array(words.buffer);
}

/** One invocation per element; outputs one after another. */
function moduleText(outputs: readonly Written[], operands: readonly HostArray[], count: number): string {
  const helpers = new Map<string, string>();
  const require = (helper: WgslHelper): void => {
    if (helpers.has(helper.name)) return;
    helper.uses.forEach(require);
    helpers.set(helper.name, helper.code);
  };
  outputs.forEach((output) => output.helpers.forEach(require));
  const half = outputs.some(({ dtype }) => dtype === 'float16') || operands.some(({ dtype }) => dtype === 'float16');
  return [
    half ? 'enable f16;' : '',
    ...operands.map((_, i) => `@group(0) @binding(${i}) var<storage, read> operand${i}: array<u32>;`),
    `@group(0) @binding(${operands.length}) var<storage, read_write> results: array<u32>;`,
    ...helpers.values(),
    '@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3<u32>) {',
    '  let i = id.x;',
    `  if (i >= ${count}u) { return; }`,
    ...operands.map(({ dtype }, i) => `  let x${i} = ${READ[dtype](`operand${i}[i]`)};`),
    ...outputs.map(({ text, dtype }, i) => `  results[i + ${i * count}u] = ${WRITE[dtype](text)};`),
    '}',
  ].join('\n');
}

/** The outputs of a call as WGSL expressions of `x0`, `x1`, ... */
function write({ primitive, params }: Call, operands: readonly HostArray[]): Written[] {
  const { lowering } = primitive;
  if (lowering.kind !== 'element') throw new Error(`${primitive.name} is no element primitive`);
  const avals = operands.map(({ dtype }) => aval(dtype, []));
  const values = avals.map((type, buffer): Value => ({
    aval: type,
    at: () => ({ kind: 'load', dtype: type.dtype, buffer, index: constant(0) }),
  }));
  return lowering.at(values, params, primitive.type(avals, params)).map((at) => {
    const helpers: WgslHelper[] = [];
    const expr = at([]);
    return { text: text(expr, helpers), dtype: expr.dtype, helpers };
  });
}

function text(expr: Expr, helpers: WgslHelper[]): string {
  if (expr.kind === 'load') return `x${expr.buffer}`;
  if (expr.kind === 'select') {
    return `select(${[expr.no, expr.yes, expr.condition].map((part) => text(part, helpers)).join(', ')})`;
  }
  if (expr.kind !== 'apply') throw new Error(`unexpected ${expr.kind}`);
  const operand = expr.args[0]?.dtype ?? expr.dtype;
  helpers.push(...expr.fn.helpers(operand, expr.dtype));
  const { component } = expr.fn;
  const written = expr.fn.wgsl(expr.args.map((arg) => text(arg, helpers)), operand, expr.dtype);
  return component === undefined ? `(${written})` : `(${written}).${component}`;
}
