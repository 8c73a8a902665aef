/** A while whose condition is known on the device only. */
import { jit, lax, np } from 'heddle';
import type { Tensor } from 'heddle';
import { bound } from '../line.ts';
import type { Line } from '../line.ts';
import { freshDevice, measure, rounded } from '../measure.ts';

const ITERATIONS = 1000;
const SIZE = 64;

/** Power iteration until a counter that lives on the device says that it is enough. */
function iterate(matrix: Tensor, start: Tensor, limit: Tensor): { readonly i: Tensor; readonly x: Tensor } {
  return lax.whileLoop(
    ({ i }) => np.less(i, limit),
    ({ i, x }) => {
      const next = matrix.matmul(x);
      return { i: i.add(1), x: next.div(np.max(np.abs(next))) };
    },
    { i: np.array(0, { dtype: 'int32' }), x: start },
  );
}

export async function whileLoop(progress: (text: string) => void): Promise<Line> {
  progress('while');
  const device = await freshDevice();
  const matrix = np.eye(SIZE).add(np.ones([SIZE, SIZE]).mul(0.01));
  const start = np.ones([SIZE]);
  const limit = np.array(ITERATIONS, { dtype: 'int32' });
  const run = jit(iterate);
  let last = 0;
  const read = async ({ i }: ReturnType<typeof iterate>): Promise<void> => {
    last = await i.item();
  };
  await measure(device, () => run(matrix, start, limit), read, 2);
  const later = await measure(device, () => run(matrix, start, limit), read);
  // One more reads `i`.
  const readbacks = later.whole.readbacks - 1;
  return {
    name: `whileLoop: ${ITERATIONS} iterations of a matrix-vector product`,
    figures: {
      iterations: last,
      readbacks,
      'compiles after the first call': later.compiles,
      submits: later.whole.submits,
      dispatches: later.whole.dispatches,
      ms: rounded(later.medianMs),
    },
    bounds: [
      bound(`iterations = ${ITERATIONS}`, last === ITERATIONS),
      bound('readbacks <= 12', readbacks <= 12),
      bound('no compile after the first call', later.compiles === 0),
    ],
  };
}
