/** Arrays as data helpers take them: on the host or as tensors. */
import { isDType } from '../../compiler/dtype.ts';
import type { HostArray, TypedArray } from '../../compiler/dtype.ts';
import { describeValue, dtypeOfArray } from '../trace/literal.ts';
import { Tensor } from '../trace/tensor.ts';
import { userError } from '../trace/user-error.ts';
import { isRecord } from './json.ts';

/** An array of the host, a tensor, or the elements of a vector. */
export type ArrayLike = HostArray | Tensor | TypedArray;

export function isHostArray(value: unknown): value is HostArray {
  return isRecord(value) && isDType(value['dtype']) && Array.isArray(value['shape']) && ArrayBuffer.isView(value['data']);
}

/** The array or tensor itself; a typed array as a vector. @throws PYTREE for anything else, NARROWING for 64-bit elements. */
export function arrayOf(path: string, value: unknown): HostArray | Tensor {
  if (value instanceof Tensor || isHostArray(value)) return value;
  if (!ArrayBuffer.isView(value)) {
    throw userError('PYTREE', `${path} is ${describeValue(value)}, neither a tensor nor an array of the host`, {
      fix: 'np.array(data)',
    });
  }
  const data = value as TypedArray;
  return { dtype: dtypeOfArray(data), shape: [data.length], data };
}

/** The elements on the host. */
export async function hostArrayOf(array: HostArray | Tensor): Promise<HostArray> {
  return array instanceof Tensor ? { dtype: array.dtype, shape: array.shape, data: await array.data() } : array;
}
