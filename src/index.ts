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
export { disableJit } from './disable-jit.ts';
export type { Jitted, JitOptions, JitStats } from './jit.ts';
export { vmap } from './vmap.ts';
export type { Axes } from './axes.ts';
export type { VmapOptions } from './vmap.ts';
export { grad, valueAndGrad } from './autodiff/grad.ts';
export { jvp } from './autodiff/jvp.ts';
export { linearize } from './autodiff/linearize.ts';
export { vjp } from './autodiff/vjp.ts';
export { linearTranspose } from './autodiff/linear-transpose.ts';
export { jacfwd, jacrev, hessian } from './autodiff/jacobian.ts';
export { stopGradient } from './autodiff/stop-gradient.ts';
export { customJvp } from './autodiff/custom-jvp.ts';
export { customVjp } from './autodiff/custom-vjp.ts';
export type { CustomVjpOptions } from './autodiff/custom-vjp.ts';
export { checkpoint, remat, checkpointName, saveOnlyTheseNames } from './autodiff/checkpoint.ts';
export type { CheckpointOptions, CheckpointPolicy, SavedNames } from './autodiff/checkpoint.ts';
export type { DerivativeOptions, WrtOptions, WithAux, WithoutAux } from './autodiff/options.ts';
export type { AllGradients, AllPrimals, Argnums, AtOutputs, Gradient, Gradients } from './autodiff/types.ts';
export type { Primal, Primals, Scalar, Tangent, Tangents } from './autodiff/types.ts';
export type { Filter } from './nnx/filters.ts';
export { makeJaxpr, evalShape, ClosedJaxpr, ShapeDtype } from './make-jaxpr.ts';
export { inspect, Inspection } from './inspect.ts';

export { np } from './numpy/index.ts';
export * as lax from './lax/index.ts';
export * as nn from './nn/index.ts';
export * as random from './random/index.ts';
export * as nnx from './nnx/index.ts';
export * as tree from './tree-functions.ts';
export * as debug from './debug/index.ts';
export { registerPytree } from './tree.ts';

/** A random key: a uint32 tensor of shape [..., 2]. */
export type { Tensor as Key } from './tensor.ts';
export { Variable, Param, BatchStat, State, GraphDef, Module, Rngs, PathRngs } from './nnx/index.ts';
