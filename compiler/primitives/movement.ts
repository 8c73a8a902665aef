/** Primitives that move elements without computing on them. */
import { concatenate } from './movement/concatenate.ts';
import { iota } from './movement/iota.ts';
import { padPrimitive } from './movement/pad.ts';
import { broadcastInDim, reshape, rev, transpose } from './movement/reorder.ts';
import { slice } from './movement/slice.ts';
import type { Primitive } from './primitive.ts';

export const MOVEMENTS: readonly Primitive[] = [
  reshape,
  transpose,
  broadcastInDim,
  slice,
  padPrimitive,
  concatenate,
  rev,
  iota,
];
