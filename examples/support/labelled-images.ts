/** Images with a class each, and how they are divided for training. */
import { np, random } from 'heddle';
import type { Tensor } from 'heddle';

export interface LabelledImages {
  readonly count: number;
  readonly height: number;
  readonly width: number;
  /** count * height * width of them, in 0..1. */
  readonly pixels: Float32Array;
  readonly labels: Int32Array;
}

export interface Labelled {
  /** float32[count, height, width, 1] */
  readonly images: Tensor;
  /** int32[count] */
  readonly labels: Tensor;
}

/** The order is the same in every run. */
const ORDER = random.key(1998);

/** A fifth is held out, to see what was learned on what was not seen. */
export async function holdOut({ count, height, width, pixels, labels }: LabelledImages): Promise<{ seen: Labelled; held: Labelled }> {
  const order = await random.permutation(ORDER, count).data();
  const size = height * width;
  const pick = (rows: ArrayLike<number>): Labelled => ({
    images: np.array(
      Float32Array.from({ length: rows.length * size }, (_, i) => pixels[rows[Math.floor(i / size)]! * size + (i % size)]!),
    ).reshape([rows.length, height, width, 1]),
    labels: np.array(Int32Array.from(rows, (row) => labels[row]!)),
  });
  const fifth = Math.floor(count / 5);
  return { seen: pick(order.subarray(fifth)), held: pick(order.subarray(0, fifth)) };
}

/** Some of the images, drawn by the key: for a step of training. */
export function drawBatch({ images, labels }: Labelled, key: Tensor, size: number): Labelled {
  const rows = random.randint(key, [size], 0, labels.shape[0]!);
  return { images: np.take(images, rows, { axis: 0 }), labels: np.take(labels, rows, { axis: 0 }) };
}
