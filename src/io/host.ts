/** Tensors by name to arrays of the host, which files hold, and back. */
import type { HostArray } from '../../compiler/dtype.ts';
import { hostTensor } from '../trace/literal.ts';
import type { Tensor } from '../trace/tensor.ts';
import { Variable } from '../trace/variable.ts';

/** The elements of the tensors. All copies are enqueued before this returns, so later writes to Variables do not reach them. */
export async function toHost(tensors: Readonly<Record<string, Tensor | Variable>>): Promise<Record<string, HostArray>> {
  const reads = Object.entries(tensors).map(async ([name, source]): Promise<[string, HostArray]> => {
    const tensor = source instanceof Variable ? source.rawValue : source;
    const { dtype, shape } = tensor;
    return [name, { dtype, shape, data: await tensor.data() }];
  });
  return Object.fromEntries(await Promise.all(reads));
}

/** Tensors with copies of the arrays. @throws SHAPE for data of another size than the shape. */
export function toTensors(arrays: Readonly<Record<string, HostArray>>): Record<string, Tensor> {
  const tensors = Object.entries(arrays).map(([name, { dtype, shape, data }]) => [name, hostTensor(data, shape, dtype)] as const);
  return Object.fromEntries(tensors);
}
