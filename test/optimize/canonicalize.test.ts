import { describe, test } from 'vitest';
import { canonicalize } from '../../compiler/optimize/canonicalize.ts';
import { expectPass, expectUntouched, testRows } from '../support/passes.ts';

const convert = (dtype: string): string => `convert_element_type[new_dtype=${dtype} weak_type=False]`;
const [TO_F32, TO_F16, TO_I32] = [convert('float32'), convert('float16'), convert('int32')];

const rows = (types: string, output: string, table: readonly (readonly [string, string])[]): void =>
  testRows(canonicalize, types, output, table);

describe('movements that move nothing', () => {
  rows('a:f32[2,3] i:i32[]', 'f32[2,3]', [
    ['reshape[new_sizes=(2, 3)] a', 'a'],
    ['transpose[permutation=(0, 1)] a', 'a'],
    ['broadcast_in_dim[broadcast_dimensions=(0, 1) shape=(2, 3)] a', 'a'],
    ['slice[limit_indices=(2, 3) start_indices=(0, 0) strides=(1, 1)] a', 'a'],
    ['rev[dimensions=()] a', 'a'],
    ['pad[padding_config=((0, 0, 0), (0, 0, 0))] a 1.0:f32[]', 'a'],
    ['concatenate[dimension=1] a', 'a'],
    ['dynamic_slice[slice_sizes=(2, 3)] a i i', 'a'],
    [`${TO_F32} a`, 'a'],
  ]);

  rows('a:f32[1,3]', 'f32[1,3]', [
    ['rev[dimensions=(0,)] a', 'a'],
    ['pad[padding_config=((0, 0, 3), (0, 0, 0))] a 1.0:f32[]', 'a'],
  ]);
});

describe('chains', () => {
  rows('a:f32[2,6]', 'f32[3,4]', [
    ['b:f32[12] = reshape[new_sizes=(12,)] a; reshape[new_sizes=(3, 4)] b', 'reshape[new_sizes=(3, 4)] a'],
  ]);

  rows('a:f32[2,3]', 'f32[6]', [
    [
      'b:f32[2,1,3] = broadcast_in_dim[broadcast_dimensions=(0, 2) shape=(2, 1, 3)] a; reshape[new_sizes=(6,)] b',
      'reshape[new_sizes=(6,)] a',
    ],
  ]);

  rows('a:f32[2,3,4]', 'f32[2,4,3]', [
    [
      'b:f32[4,2,3] = transpose[permutation=(2, 0, 1)] a; transpose[permutation=(1, 0, 2)] b',
      'transpose[permutation=(0, 2, 1)] a',
    ],
  ]);

  rows('a:f32[3]', 'f32[2,4,3]', [
    [
      `b:f32[2,3] = broadcast_in_dim[broadcast_dimensions=(1,) shape=(2, 3)] a; broadcast_in_dim[
        broadcast_dimensions=(0, 2) shape=(2, 4, 3)] b`,
      'broadcast_in_dim[broadcast_dimensions=(2,) shape=(2, 4, 3)] a',
    ],
  ]);

  rows('a:f32[20]', 'f32[3]', [
    [
      `b:f32[9] = slice[limit_indices=(20,) start_indices=(3,) strides=(2,)] a; slice[
        limit_indices=(8,) start_indices=(1,) strides=(3,)] b`,
      'slice[limit_indices=(18,) start_indices=(5,) strides=(6,)] a',
    ],
  ]);

  rows('a:f32[2,3,4]', 'f32[2,3,4]', [
    ['b:f32[2,3,4] = rev[dimensions=(0, 1)] a; rev[dimensions=(1, 2)] b', 'rev[dimensions=(0, 2)] a'],
    ['b:f32[2,3,4] = transpose[permutation=(0, 1, 2)] a; rev[dimensions=(1,)] b', 'rev[dimensions=(1,)] a'],
  ]);
});

describe('transposes of axes of extent 1', () => {
  rows('a:f32[1,3] b:f32[3,1,2]', 'f32[3,1]', [['transpose[permutation=(1, 0)] a', 'reshape[new_sizes=(3, 1)] a']]);
  rows('b:f32[3,1,2]', 'f32[2,3,1]', [['transpose[permutation=(2, 0, 1)] b', 'transpose[permutation=(2, 0, 1)] b']]);
});

describe('conversions', () => {
  rows('p:bool[2] i:i32[2] h:f16[2]', 'f32[2]', [
    [
      `j:i32[2] = ${TO_I32} p; ${TO_F32} j`,
      `${TO_F32} p`,
    ],
    [
      `j:f16[2] = ${TO_F16} i; ${TO_F32} j`,
      `j:f16[2] = ${TO_F16} i; ${TO_F32} j`,
    ],
  ]);

  rows('h:f16[2]', 'f16[2]', [
    [`j:f32[2] = ${TO_F32} h; ${TO_F16} j`, 'h'],
  ]);
});

describe('copies of a scalar', () => {
  const fill = (shape: string): string => `broadcast_in_dim[broadcast_dimensions=() shape=${shape}] s`;

  rows('s:f32[] a:f32[2,3]', 'f32[2,3]', [
    [`b:f32[3,2] = ${fill('(3, 2)')}; transpose[permutation=(1, 0)] b`, fill('(2, 3)')],
    [`b:f32[6] = ${fill('(6,)')}; reshape[new_sizes=(2, 3)] b`, fill('(2, 3)')],
    [`b:f32[2,3] = ${fill('(2, 3)')}; add a b`, 'add a s'],
    [`b:f32[2,3] = ${fill('(2, 3)')}; exp b`, 'e:f32[] = exp s; broadcast_in_dim[broadcast_dimensions=() shape=(2, 3)] e'],
    [
      'b:f32[1] = reshape[new_sizes=(1,)] s; c:f32[2,3] = broadcast_in_dim[broadcast_dimensions=(1,) shape=(2, 3)] b; mul a c',
      'mul a s',
    ],
  ]);
});

describe('blocks', () => {
  rows('a:f32[5,4] i:i32[]', 'f32[2,4]', [
    ['dynamic_slice[slice_sizes=(2, 4)] a 1:i32[] 0:i32[]', 'slice[limit_indices=(3, 4) start_indices=(1, 0) strides=(1, 1)] a'],
    ['dynamic_slice[slice_sizes=(2, 4)] a 9:i32[] -2:i32[]', 'slice[limit_indices=(5, 4) start_indices=(3, 0) strides=(1, 1)] a'],
    ['dynamic_slice[slice_sizes=(2, 4)] a i 0:i32[]', 'dynamic_slice[slice_sizes=(2, 4)] a i 0:i32[]'],
  ]);

  rows('a:f32[4] b:f32[4] i:i32[]', 'f32[4]', [['dynamic_update_slice a b i', 'b']]);

  rows('a:f32[4] e:f32[0]', 'f32[8]', [['concatenate[dimension=0] a e a', 'concatenate[dimension=0] a a']]);
});

test('jaxprs inside equations are canonicalised', () => {
  expectPass(
    canonicalize,
    `{ lambda ; a:f32[3]. let
        b:f32[3] = jit[name=f jaxpr={ lambda ; c:f32[3]. let d:f32[3] = rev[dimensions=()] c in (d,) }] a
      in (b,) }`,
    '{ lambda ; a:f32[3]. let b:f32[3] = jit[name=f jaxpr={ lambda ; c:f32[3]. let in (c,) }] a in (b,) }',
  );
});

test('what is canonical stays the same object', () => {
  expectUntouched(
    canonicalize,
    '{ lambda ; a:f32[3,2]. let b:f32[2,3] = transpose[permutation=(1, 0)] a; c:f32[2,3] = add b 1.0:f32[] in (c,) }',
  );
});
