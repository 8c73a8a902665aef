/** IEEE binary16 from and to the bits of binary32, without passing through numbers, which may lose the payload of a NaN. */

/** The bits of the half of this value, or null where no half has it. */
export function halfBits(bits: number): number | null {
  const sign = (bits >>> 16) & 0x8000;
  const exponent = (bits >>> 23) & 0xff;
  const mantissa = bits & 0x7fffff;
  const finite = exponent >= 113 ? normal : subnormal;
  const half = exponent === 0xff ? nonFinite(mantissa) : finite(exponent, mantissa);
  return half === null ? null : sign | half;
}

function nonFinite(mantissa: number): number {
  return 0x7c00 | (mantissa >>> 13) | (mantissa === 0 ? 0 : 0x200);
}

function normal(exponent: number, mantissa: number): number | null {
  return exponent > 142 || (mantissa & 0x1fff) !== 0 ? null : ((exponent - 112) << 10) | (mantissa >>> 13);
}

function subnormal(exponent: number, mantissa: number): number | null {
  if (exponent === 0) return mantissa === 0 ? 0 : null;
  const shift = 126 - exponent;
  const full = 0x800000 | mantissa;
  return shift > 23 || full % 2 ** shift !== 0 ? null : full >>> shift;
}

/** The bits of the binary32 of the same value. */
export function floatBits(half: number): number {
  const sign = (half & 0x8000) << 16;
  const exponent = (half >>> 10) & 0x1f;
  const mantissa = half & 0x3ff;
  if (exponent === 0x1f) return (sign | 0x7f800000 | (mantissa << 13)) >>> 0;
  if (exponent !== 0) return (sign | ((exponent + 112) << 23) | (mantissa << 13)) >>> 0;
  if (mantissa === 0) return sign >>> 0;
  const shift = Math.clz32(mantissa) - 21;
  return (sign | ((113 - shift) << 23) | (((mantissa << shift) & 0x3ff) << 13)) >>> 0;
}
