/** The operations on rows of numerics.json, computed by JAX: reductions, softmax, cumulative operations, sorts. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { cpu, jit, lax, nn, np, withDevice } from '../../src/index.ts';
import type { Device, Tensor } from '../../src/index.ts';
import { decode, differences } from '../support/golden-numerics.ts';
import type { Column } from '../support/golden-numerics.ts';
import { useWgsl } from '../support/wgsl.ts';

interface Rows {
  readonly rows: Readonly<Record<string, readonly string[]>>;
  readonly rowOps: Readonly<Record<string, Readonly<Record<string, Column>>>>;
}

const { rows, rowOps } = JSON.parse(readFileSync(new URL('numerics.json', import.meta.url), 'utf8')) as Rows;

const wgsl = useWgsl();
const devices: Readonly<Record<string, () => Device>> = { cpu: () => cpu, WGSL: () => wgsl.device };

type Unary = (x: Tensor) => Tensor;

const ROW_OPS: Readonly<Record<string, Unary>> = {
  sum: (x) => np.sum(x, 1),
  prod: (x) => np.prod(x, 1),
  max: (x) => np.max(x, 1),
  min: (x) => np.min(x, 1),
  argmax: (x) => np.argmax(x, 1),
  argmin: (x) => np.argmin(x, 1),
  mean: (x) => np.mean(x, 1),
  var: (x) => np.var(x, 1),
  std: (x) => np.std(x, 1),
  logsumexp: (x) => nn.logsumexp(x, { axis: 1 }),
  softmax: nn.softmax,
  logSoftmax: nn.logSoftmax,
  any: (x) => np.any(x, 1),
  all: (x) => np.all(x, 1),
  norm: (x) => np.linalg.norm(x, { axis: 1 }),
  nansum: (x) => np.nansum(x, 1),
  nanmean: (x) => np.nanmean(x, 1),
  nanmax: (x) => np.nanmax(x, 1),
  countNonzero: (x) => np.countNonzero(x, 1),
  ptp: (x) => np.ptp(x, 1),
  cumsum: (x) => np.cumsum(x, 1),
  cumprod: (x) => np.cumprod(x, 1),
  cummax: (x) => lax.cummax(x, 1),
  cummin: (x) => lax.cummin(x, 1),
  cumlogsumexp: (x) => lax.cumlogsumexp(x, 1),
  sort: (x) => np.sort(x, 1),
  argsort: (x) => np.argsort(x, 1),
  median: (x) => np.median(x, 1),
};

/** Of reductions also absolutely, by the cancellation of terms of this size. */
const closeness = { relative: 1e-5, absolute: 1e-7 };

const x = np.array(decode('float32', Object.values(rows).flat()), { shape: [Object.keys(rows).length, 4] });

for (const [deviceName, device] of Object.entries(devices)) {
  describe(deviceName, () => {
    // One program for all: it compiles in a fraction of the time.
    let results: Readonly<Record<string, Tensor>> = {};
    beforeAll(() => {
      const all = (x: Tensor): typeof results => Object.fromEntries(Object.entries(ROW_OPS).map(([name, f]) => [name, f(x)]));
      results = withDevice(device(), () => jit(all, { device: device() })(x));
    });

    test.each(Object.keys(ROW_OPS))('%s of rows', async (name) => {
      const columns = Object.keys(rows).map((row) => rowOps[name]![row]!);
      const result = results[name]!;
      expect(result.dtype).toBe(columns[0]!.dtype);
      const expected = decode(result.dtype, columns.flatMap(({ y }) => y));
      expect(differences(await result.data(), expected, [await x.data()], closeness)).toEqual([]);
    });
  });
}

test('every operation on rows is run', () => {
  expect(Object.keys(rowOps).filter((name) => !(name in ROW_OPS))).toEqual([]);
});
