/** The bits of 32-bit numbers on the host. */

/** The dtypes of 32 bits whose values are their bits. */
export type Word = 'float32' | 'int32' | 'uint32';

const BUFFER = new ArrayBuffer(4);
const VIEWS = { float32: new Float32Array(BUFFER), int32: new Int32Array(BUFFER), uint32: new Uint32Array(BUFFER) };

/** The value of dtype `to` that has the same bits as `x` of dtype `from`. */
export function reinterpret(x: number, from: Word, to: Word): number {
  VIEWS[from][0] = x;
  return VIEWS[to][0]!;
}
