/**
 * Integers as JAX has them: x / 0 is -1 (all bits set), x % 0 is x, and a shift by 32 or more (or by a negative amount) leaves
 * zeros or signs. In WGSL x / 0 is x, x % 0 is 0, and shift amounts count modulo 32; where JAX wraps, WGSL does too.
 */
import { wgsl } from './helper.ts';
import type { WgslHelper } from '../scalar/expression.ts';

export const DIV_I32: WgslHelper = wgsl(`
fn div_i32(x: i32, y: i32) -> i32 {
  return select(x / y, -1, y == 0);
}`);

export const DIV_U32: WgslHelper = wgsl(`
fn div_u32(x: u32, y: u32) -> u32 {
  return select(x / y, 0xffffffffu, y == 0u);
}`);

export const REM_I32: WgslHelper = wgsl(`
fn rem_i32(x: i32, y: i32) -> i32 {
  return select(x % y, x, y == 0);
}`);

export const REM_U32: WgslHelper = wgsl(`
fn rem_u32(x: u32, y: u32) -> u32 {
  return select(x % y, x, y == 0u);
}`);

export const SHIFT_LEFT_U32: WgslHelper = wgsl(`
fn shift_left_u32(x: u32, amount: u32) -> u32 {
  return select(x << (amount & 31u), 0u, amount > 31u);
}`);

export const SHIFT_RIGHT_LOGICAL_U32: WgslHelper = wgsl(`
fn shift_right_logical_u32(x: u32, amount: u32) -> u32 {
  return select(x >> (amount & 31u), 0u, amount > 31u);
}`);

export const SHIFT_RIGHT_ARITHMETIC_I32: WgslHelper = wgsl(`
fn shift_right_arithmetic_i32(x: i32, amount: u32) -> i32 {
  return x >> min(amount, 31u);
}`);

/** The high word of a product, from four products of 16-bit halves. */
export const MULTIPLY_HIGH: WgslHelper = wgsl(`
fn multiply_high(x: u32, y: u32) -> u32 {
  let x0 = x & 0xffffu;
  let x1 = x >> 16u;
  let y0 = y & 0xffffu;
  let y1 = y >> 16u;
  let middle = x1 * y0 + ((x0 * y0) >> 16u);
  let lower = x0 * y1 + (middle & 0xffffu);
  return x1 * y1 + (middle >> 16u) + (lower >> 16u);
}`);

export function divide(x: number, y: number): number {
  return y === 0 ? -1 : Math.trunc(x / y);
}

export function remainder(x: number, y: number): number {
  return y === 0 ? x : x % y;
}

export function shiftLeft(x: number, y: number): number {
  return y >>> 0 > 31 ? 0 : x << y;
}

export function shiftRightLogical(x: number, y: number): number {
  return y >>> 0 > 31 ? 0 : x >>> y;
}

export function shiftRightArithmetic(x: number, y: number): number {
  return (x | 0) >> Math.min(y >>> 0, 31);
}

export function populationCount(x: number): number {
  let count = 0;
  for (let rest = x; rest !== 0; rest &= rest - 1) count++;
  return count;
}
