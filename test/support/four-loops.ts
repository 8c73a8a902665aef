/** Convolutions and pooling as one writes them by hand, for arrays [batch, rows, columns, features]. */
import type { HostArray } from '../../compiler/dtype.ts';
import { fromNumbers } from '../../compiler/reference/arrays.ts';

export interface Sides {
  readonly strides: readonly [number, number];
  /** Rows before and after, columns before and after. */
  readonly padding: readonly [readonly [number, number], readonly [number, number]];
  readonly dilation: readonly [number, number];
  readonly inputDilation?: readonly [number, number];
  readonly groups?: number;
}

type Read = (n: number, row: number, column: number, feature: number) => number | undefined;

/** Reads an array as if it were dilated; undefined outside and between its elements. */
function reader({ shape, data }: HostArray, [down, across]: readonly [number, number]): Read {
  const [, rows, columns, features] = shape as [number, number, number, number];
  return (n, row, column, feature) => {
    const [r, c] = [row / down, column / across];
    if (!Number.isInteger(r) || !Number.isInteger(c) || r < 0 || c < 0 || r >= rows || c >= columns) return undefined;
    return data[((n * rows + r) * columns + c) * features + feature];
  };
}

/** How many windows of `reach` elements fit, given what is padded. */
function positions(
  extent: number,
  dilation: number,
  [low, high]: readonly [number, number],
  reach: number,
  stride: number,
): number {
  const length = low + (extent - 1) * dilation + 1 + high;
  let count = 0;
  for (let start = 0; start + reach <= length; start += stride) count++;
  return count;
}

/** The convolution of NHWC with HWIO. */
export function convolveByLoops(x: HostArray, kernel: HostArray, sides: Sides): HostArray {
  const { strides, padding, dilation, inputDilation = [1, 1], groups = 1 } = sides;
  const [batch, rows, columns] = x.shape as [number, number, number, number];
  const [height, width, inputs, outputs] = kernel.shape as [number, number, number, number];
  const read = reader(x, inputDilation);
  const down = positions(rows, inputDilation[0], padding[0], (height - 1) * dilation[0] + 1, strides[0]);
  const across = positions(columns, inputDilation[1], padding[1], (width - 1) * dilation[1] + 1, strides[1]);
  const result: number[] = [];
  for (let n = 0; n < batch; n++) {
    for (let i = 0; i < down; i++) {
      for (let j = 0; j < across; j++) {
        for (let o = 0; o < outputs; o++) {
          const group = Math.floor(o / (outputs / groups));
          let sum = 0;
          for (let a = 0; a < height; a++) {
            for (let b = 0; b < width; b++) {
              for (let c = 0; c < inputs; c++) {
                const row = i * strides[0] + a * dilation[0] - padding[0][0];
                const column = j * strides[1] + b * dilation[1] - padding[1][0];
                const weight = kernel.data[((a * width + b) * inputs + c) * outputs + o]!;
                sum += (read(n, row, column, group * inputs + c) ?? 0) * weight;
              }
            }
          }
          result.push(sum);
        }
      }
    }
  }
  return fromNumbers(x.dtype, [batch, down, across, outputs], result);
}

/** What each window of NHWC covers, reduced to one number. */
export function poolByLoops(
  x: HostArray,
  [height, width]: readonly [number, number],
  { strides, padding, dilation, inputDilation = [1, 1] }: Sides,
  reduce: (covered: readonly number[]) => number,
): HostArray {
  const [batch, rows, columns, features] = x.shape as [number, number, number, number];
  const read = reader(x, inputDilation);
  const down = positions(rows, inputDilation[0], padding[0], (height - 1) * dilation[0] + 1, strides[0]);
  const across = positions(columns, inputDilation[1], padding[1], (width - 1) * dilation[1] + 1, strides[1]);
  const result: number[] = [];
  for (let n = 0; n < batch; n++) {
    for (let i = 0; i < down; i++) {
      for (let j = 0; j < across; j++) {
        for (let feature = 0; feature < features; feature++) {
          const covered: number[] = [];
          for (let a = 0; a < height; a++) {
            for (let b = 0; b < width; b++) {
              const row = i * strides[0] + a * dilation[0] - padding[0][0];
              const value = read(n, row, j * strides[1] + b * dilation[1] - padding[1][0], feature);
              if (value !== undefined) covered.push(value);
            }
          }
          result.push(reduce(covered));
        }
      }
    }
  }
  return fromNumbers(x.dtype, [batch, down, across, features], result);
}
