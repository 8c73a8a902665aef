import { describe } from 'vitest';
import { simplify } from '../../compiler/optimize/simplify.ts';
import { testRows } from '../support/passes.ts';

const rows = (types: string, output: string, table: readonly (readonly [string, string])[]): void =>
  testRows(simplify, types, output, table);

describe('floats', () => {
  rows('a:f32[3] b:f32[3]', 'f32[3]', [
    ['mul a 1.0:f32[]', 'a'],
    ['mul 1.0:f32[] a', 'a'],
    ['mul a -1.0:f32[]', 'neg a'],
    ['mul a 0.0:f32[]', 'mul a 0.0:f32[]'],
    ['add a -0.0:f32[]', 'a'],
    ['add a 0.0:f32[]', 'add a 0.0:f32[]'],
    ['sub a 0.0:f32[]', 'a'],
    ['sub a -0.0:f32[]', 'sub a -0.0:f32[]'],
    ['sub -0.0:f32[] a', 'neg a'],
    ['sub 0.0:f32[] a', 'sub 0.0:f32[] a'],
    ['sub a a', 'sub a a'],
    ['div a 1.0:f32[]', 'a'],
    ['div a 8.0:f32[]', 'mul a 0.125:f32[]'],
    ['div a -0.5:f32[]', 'mul a -2.0:f32[]'],
    ['div a 3.0:f32[]', 'div a 3.0:f32[]'],
    ['div a 0.0:f32[]', 'div a 0.0:f32[]'],
    ['div a inf:f32[]', 'div a inf:f32[]'],
    ['div a 1.7014118346046923e+38:f32[]', 'div a 1.7014118346046923e+38:f32[]'],
    ['div 2.0:f32[] a', 'div 2.0:f32[] a'],
    ['pow a 1.0:f32[]', 'a'],
    ['pow a 2.0:f32[]', 'square a'],
    ['pow a 3.0:f32[]', 'pow a 3.0:f32[]'],
    ['integer_pow[y=1] a', 'a'],
    ['integer_pow[y=2] a', 'square a'],
    ['integer_pow[y=3] a', 'integer_pow[y=3] a'],
    ['max a a', 'a'],
    ['max a -inf:f32[]', 'a'],
    ['min inf:f32[] a', 'a'],
    ['max a inf:f32[]', 'max a inf:f32[]'],
    ['n:f32[3] = neg a; neg n', 'a'],
    ['n:f32[3] = neg b; add a n', 'sub a b'],
    ['n:f32[3] = neg b; add n a', 'sub a b'],
    ['n:f32[3] = neg b; sub a n', 'add a b'],
    ['n:f32[3] = neg a; m:f32[3] = neg b; mul n m', 'mul a b'],
    ['n:f32[3] = neg a; abs n', 'abs a'],
    ['n:f32[3] = abs a; abs n', 'abs a'],
    ['n:f32[3] = abs a; square n', 'square a'],
    ['n:f32[3] = round a; floor n', 'round a'],
  ]);

  rows('a:f32[3]', 'f32[3]', [
    ['integer_pow[y=0] a', 'broadcast_in_dim[broadcast_dimensions=() shape=(3,)] 1.0:f32[]'],
    ['o:f32[3] = broadcast_in_dim[broadcast_dimensions=() shape=(3,)] 1.0:f32[]; mul a o', 'a'],
  ]);
});

describe('a scalar in the place of an array', () => {
  rows('s:f32[]', 'f32[3]', [
    [
      'o:f32[3] = broadcast_in_dim[broadcast_dimensions=() shape=(3,)] 1.0:f32[]; mul s o',
      'broadcast_in_dim[broadcast_dimensions=() shape=(3,)] s',
    ],
  ]);
});

describe('weak and strong operands', () => {
  rows('w:~f32[3]', 'f32[3]', [['mul w 1.0:f32[]', 'convert_element_type[new_dtype=float32 weak_type=False] w']]);
});

describe('integers', () => {
  rows('a:i32[] b:i32[]', 'i32[]', [
    ['mul a 0:i32[]', '0:i32[]'],
    ['mul a 1:i32[]', 'a'],
    ['add 0:i32[] a', 'a'],
    ['sub 0:i32[] a', 'neg a'],
    ['sub a a', '0:i32[]'],
    ['div a 1:i32[]', 'a'],
    ['div a 2:i32[]', 'div a 2:i32[]'],
    ['and a a', 'a'],
    ['and a -1:i32[]', 'a'],
    ['and a 0:i32[]', '0:i32[]'],
    ['or a 0:i32[]', 'a'],
    ['or a -1:i32[]', '-1:i32[]'],
    ['xor a a', '0:i32[]'],
    ['xor a 0:i32[]', 'a'],
    ['max a 2147483647:i32[]', '2147483647:i32[]'],
    ['min a 2147483647:i32[]', 'a'],
    ['shift_left a 0:i32[]', 'a'],
    ['n:i32[] = not a; not n', 'a'],
    ['n:i32[] = square a; abs n', 'n:i32[] = square a; abs n'],
  ]);
});

describe('unsigned integers', () => {
  rows('a:u32[]', 'u32[]', [
    ['abs a', 'a'],
    ['n:u32[] = neg a; abs n', 'neg a'],
    ['n:u32[] = neg a; square n', 'square a'],
    ['max a 0:u32[]', 'a'],
    ['min a 0:u32[]', '0:u32[]'],
    ['and a 4294967295:u32[]', 'a'],
  ]);
});

describe('comparisons and selections', () => {
  rows('a:f32[] i:i32[] j:i32[] p:bool[] q:bool[]', 'bool[]', [
    ['eq a a', 'eq a a'],
    ['eq i i', 'True:bool[]'],
    ['ne i i', 'False:bool[]'],
    ['lt a a', 'False:bool[]'],
    ['ge a a', 'ge a a'],
    ['le i i', 'True:bool[]'],
    ['eq p True:bool[]', 'p'],
    ['eq p False:bool[]', 'not p'],
    ['ne p False:bool[]', 'p'],
    ['e:bool[] = eq i j; not e', 'ne i j'],
    ['e:bool[] = lt i j; not e', 'e:bool[] = lt i j; not e'],
    ['and p True:bool[]', 'p'],
    ['or p True:bool[]', 'True:bool[]'],
    ['select_n p False:bool[] True:bool[]', 'p'],
    ['select_n p True:bool[] False:bool[]', 'not p'],
    ['select_n p q q', 'q'],
  ]);

  rows('p:bool[3] a:f32[3] b:f32[3] c:f32[3]', 'f32[3]', [
    ['select_n True:bool[] a b', 'b'],
    ['select_n False:bool[] a b', 'a'],
    ['n:bool[3] = not p; select_n n a b', 'select_n p b a'],
    ['s:f32[3] = select_n p a b; select_n p s c', 'select_n p a c'],
    ['s:f32[3] = select_n p a b; select_n p c s', 'select_n p c b'],
  ]);
});

describe('reductions', () => {
  rows('a:f32[1,3] i:i32[1,3]', 'f32[3]', [
    ['reduce_max[axes=(0,)] a', 'reshape[new_sizes=(3,)] a'],
    ['reduce_prod[axes=(0,)] a', 'reshape[new_sizes=(3,)] a'],
    ['reduce_sum[axes=(0,)] a', 's:f32[3] = reshape[new_sizes=(3,)] a; add s 0.0:f32[]'],
  ]);

  rows('i:i32[1,3]', 'i32[3]', [
    ['reduce_sum[axes=(0,)] i', 'reshape[new_sizes=(3,)] i'],
    ['argmax[axes=(0,)] i', 'broadcast_in_dim[broadcast_dimensions=() shape=(3,)] 0:i32[]'],
  ]);

  rows('s:f32[]', 'f32[]', [
    ['o:f32[2,4] = broadcast_in_dim[broadcast_dimensions=() shape=(2, 4)] 1.0:f32[]; reduce_sum[axes=(0, 1)] o', '8.0:f32[]'],
    ['o:f32[2] = broadcast_in_dim[broadcast_dimensions=() shape=(2,)] s; reduce_max[axes=(0,)] o', 's'],
    [
      'o:f32[3] = broadcast_in_dim[broadcast_dimensions=() shape=(3,)] 0.25:f32[]; reduce_sum[axes=(0,)] o',
      'o:f32[3] = broadcast_in_dim[broadcast_dimensions=() shape=(3,)] 0.25:f32[]; reduce_sum[axes=(0,)] o',
    ],
  ]);
});
