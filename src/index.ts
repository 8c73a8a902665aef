/** Heddle: JAX for TypeScript, compiled to WebGPU. */
export { Tensor } from './tensor.ts';
export type { NestedArray } from './trace/tensor.ts';
export type { Operand } from './trace/bind.ts';
export type { DType, TypedArray } from '../compiler/dtype.ts';
export { HeddleError } from '../compiler/errors.ts';
export type { ErrorCode } from '../compiler/errors.ts';

export { init, withDevice, sync, memory, cpu } from './device.ts';
export type { HeddleInitOptions } from './device.ts';
export { countingDevice } from '../runtime/index.ts';
export type { Device, MemoryReport } from '../runtime/index.ts';
export { scope } from './scope.ts';

export { jit } from './jit.ts';
export type { Jitted, JitOptions, JitStats } from './jit.ts';
export { vmap } from './vmap.ts';
export type { Axes, VmapOptions } from './vmap.ts';
export { makeJaxpr, evalShape, ClosedJaxpr, ShapeDtype } from './make-jaxpr.ts';
export { inspect, Inspection } from './inspect.ts';

export { np } from './numpy/index.ts';
export * as lax from './lax/index.ts';
export * as nn from './nn/index.ts';
export * as random from './random/index.ts';
export * as nnx from './nnx/index.ts';
export * as tree from './tree-functions.ts';
export { registerPytree } from './tree.ts';

/** A random key: a uint32 tensor of shape [..., 2]. */
export type { Tensor as Key } from './tensor.ts';
export { Variable, Param, BatchStat, State, GraphDef, Module, Rngs, PathRngs } from './nnx/index.ts';
