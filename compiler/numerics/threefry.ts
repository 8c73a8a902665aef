/** Threefry-2x32 with 20 rounds: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011. */
import { wgsl } from './helper.ts';
import type { WgslHelper } from '../scalar/expression.ts';

const ROTATIONS: readonly (readonly number[])[] = [
  [13, 15, 26, 6],
  [17, 29, 16, 24],
];
const PARITY = 0x1bd11bda;

/** Twenty rounds in five groups; after each group a part of the key schedule and the group's number are added. */
const ROUNDS: string = [0, 1, 2, 3, 4].map((group) => {
  const mix = (ROTATIONS[group % 2] ?? []).map((r) => `  a += b; b = ((b << ${r}u) | (b >> ${32 - r}u)) ^ a;`);
  return [...mix, `  a += k${(group + 1) % 3}; b += k${(group + 2) % 3} + ${group + 1}u;`].join('\n');
}).join('\n');

export const THREEFRY: WgslHelper = wgsl(`
fn threefry2x32(k0: u32, k1: u32, x0: u32, x1: u32) -> vec2<u32> {
  let k2 = k0 ^ k1 ^ 0x${PARITY.toString(16)}u;
  var a = x0 + k0;
  var b = x1 + k1;
${ROUNDS}
  return vec2<u32>(a, b);
}`);

/** The two words that key (k0, k1) makes of counter (x0, x1). */
export function threefry2x32(k0: number, k1: number, x0: number, x1: number): [number, number] {
  const keys = [k0, k1, k0 ^ k1 ^ PARITY];
  const key = (i: number): number => keys[i % 3] ?? 0;
  let a = (x0 + k0) | 0;
  let b = (x1 + k1) | 0;
  for (let group = 0; group < 5; group++) {
    for (const rotation of ROTATIONS[group % 2] ?? []) {
      a = (a + b) | 0;
      b = ((b << rotation) | (b >>> (32 - rotation))) ^ a;
    }
    a = (a + key(group + 1)) | 0;
    b = (b + key(group + 2) + group + 1) | 0;
  }
  return [a >>> 0, b >>> 0];
}
