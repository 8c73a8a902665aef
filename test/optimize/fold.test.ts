import { test } from 'vitest';
import { fold } from '../../compiler/optimize/fold.ts';
import { expectPass, expectUntouched } from '../support/passes.ts';

test('scalars are computed', () => {
  expectPass(
    fold,
    `{ lambda ; a:f32[3]. let
        b:i32[] = add 2:i32[] 3:i32[]
        c:f32[] = convert_element_type[new_dtype=float32 weak_type=False] b
        d:f32[3] = mul a c
      in (d,) }`,
    '{ lambda ; a:f32[3]. let d:f32[3] = mul a 5.0:f32[] in (d,) }',
  );
});

test('with the rounding and wrapping of the dtype', () => {
  expectPass(
    fold,
    `{ lambda ; . let
        b:f32[] = add 16777216.0:f32[] 1.0:f32[]; c:u32[] = sub 0:u32[] 1:u32[]; d:f32[] = sqrt -1.0:f32[]
      in (b, c, d) }`,
    '{ lambda ; . let in (16777216.0:f32[], 4294967295:u32[], nan:f32[]) }',
  );
});

test('arrays are not', () => {
  expectUntouched(fold, '{ lambda ; . let b:f32[3] = broadcast_in_dim[broadcast_dimensions=() shape=(3,)] 1.0:f32[] in (b,) }');
});
