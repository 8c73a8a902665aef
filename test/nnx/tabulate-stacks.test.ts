/** tabulate of stacks of layers: modules inside of scan, vmap, cond, jit and checkpoint, and copies of modules. */
import { expect, test } from 'vitest';
import { PathRngs, ShapeDtype, checkpoint, cpu, jit, lax, nnx, np, random, vmap, withDevice } from '../../src/index.ts';
import type { Tensor } from '../../src/index.ts';
import { ScanMLP } from '../../examples/seed.ts';

/** Stacks need a device to be made; tabulate does not. */
const made = <T>(make: () => T): T => withDevice(cpu, make);

const { Linear, Module, Rngs, tabulate } = nnx;
const x = (...shape: number[]): ShapeDtype => new ShapeDtype(shape, 'float32');
const linear = (din: number, dout: number): nnx.Linear => new Linear(din, dout, { useBias: false, rngs: new Rngs(0) });
const row = (summary: nnx.Summary, path: string): nnx.SummaryRow => summary.rows.find((one) => one.path === path)!;

class Stack extends Module {
  readonly blocks: nnx.Linear;
  readonly head = linear(8, 2);

  constructor() {
    super();
    this.blocks = nnx.repeat(5, (rngs) => new Linear(8, 8, { useBias: false, rngs }), { rngs: new Rngs(0) });
  }

  forward(x: Tensor): Tensor {
    return this.head.forward(nnx.scanLayers(this.blocks, (y: Tensor, layer) => layer.forward(y), x));
  }
}

test('rows from inside a scan say so, and count as often as it runs', () => {
  const summary = tabulate(made(() => new Stack()), x(3, 8));
  expect(row(summary, 'blocks')).toMatchObject({
    times: 5,
    flops: 5 * 2 * 3 * 8 * 8,
    calls: [{ inputs: ['float32[3,8]'], outputs: ['float32[3,8]'], within: 'scan' }],
    variables: [{ name: 'kernel', type: 'float32[5,8,8]' }],
  });
  expect(String(summary)).toContain('│ in scan 5 times │');
  expect(row(summary, 'head')).toMatchObject({ times: 1, calls: [{ within: '' }] });
  expect(row(summary, '').times).toBe(1);
});

test('a copy that is merged in the loop is the module that was split', () => {
  const model = made(() => new ScanMLP(10, 5, { rngs: new PathRngs(random.key(0)) }));
  const call = (one: ScanMLP): Tensor => one.forward(np.ones([2, 10]), { train: true, rngs: new PathRngs(random.key(1)) });
  expect(tabulate(model, call).table({ gradient: true })).toMatchInlineSnapshot(`
    "ScanMLP Summary
    ┌─────────────────┬───────────┬─────────────────────────────────┬───────────────┬─────────────────────┬──────────────────────┬───────┬───────────────┐
    │ path            │ type      │ inputs                          │ outputs       │ BatchStat           │ Param                │ FLOPs │ with gradient │
    ├─────────────────┼───────────┼─────────────────────────────────┼───────────────┼─────────────────────┼──────────────────────┼───────┼───────────────┤
    │                 │ ScanMLP   │ float32[2,10]                   │ float32[2,10] │ 80 (320 B)          │ 630 (2.5 KB)         │ 4,438 │ 12,496        │
    │                 │           │ { train: true, rngs: PathRngs } │               │                     │                      │       │               │
    ├─────────────────┼───────────┼─────────────────────────────────┼───────────────┼─────────────────────┼──────────────────────┼───────┼───────────────┤
    │ layers          │ Block     │ float32[2,10]                   │ float32[2,10] │ 80 (320 B)          │ 520 (2.1 KB)         │ 4,008 │ 11,256        │
    │ in scan 4 times │           │ { train: true, rngs: PathRngs } │               │                     │                      │       │               │
    ├─────────────────┼───────────┼─────────────────────────────────┼───────────────┼─────────────────────┼──────────────────────┼───────┼───────────────┤
    │ layers/linear   │ Linear    │ float32[2,10]                   │ float32[2,10] │                     │ b: float32[4,10]     │ 1,680 │ 4,920         │
    │ in scan 4 times │           │                                 │               │                     │ w: float32[4,10,10]  │       │               │
    │                 │           │                                 │               │                     │ 440 (1.8 KB)         │       │               │
    ├─────────────────┼───────────┼─────────────────────────────────┼───────────────┼─────────────────────┼──────────────────────┼───────┼───────────────┤
    │ layers/bn       │ BatchNorm │ float32[2,10]                   │ float32[2,10] │ mean: float32[4,10] │ bias: float32[4,10]  │ 1,040 │ 2,800         │
    │ in scan 4 times │           │ { train: true }                 │               │ var: float32[4,10]  │ scale: float32[4,10] │       │               │
    │                 │           │                                 │               │ 80 (320 B)          │ 80 (320 B)           │       │               │
    ├─────────────────┼───────────┼─────────────────────────────────┼───────────────┼─────────────────────┼──────────────────────┼───────┼───────────────┤
    │ layers/dropout  │ Dropout   │ float32[2,10]                   │ float32[2,10] │                     │                      │ 648   │ 1,296         │
    │ in scan 4 times │           │ { train: true, rngs: PathRngs } │               │                     │                      │       │               │
    ├─────────────────┼───────────┼─────────────────────────────────┼───────────────┼─────────────────────┼──────────────────────┼───────┼───────────────┤
    │ linear          │ Linear    │ float32[2,10]                   │ float32[2,10] │                     │ b: float32[10]       │ 420   │ 1,230         │
    │                 │           │                                 │               │                     │ w: float32[10,10]    │       │               │
    │                 │           │                                 │               │                     │ 110 (440 B)          │       │               │
    ├─────────────────┼───────────┼─────────────────────────────────┼───────────────┼─────────────────────┼──────────────────────┼───────┼───────────────┤
    │                 │ total     │                                 │               │ 80 (320 B)          │ 630 (2.5 KB)         │ 4,438 │ 12,496        │
    └─────────────────┴───────────┴─────────────────────────────────┴───────────────┴─────────────────────┴──────────────────────┴───────┴───────────────┘
    Total: 710 (2.8 KB)"
  `);
});

test('copies of two equal stacks do not take each other’s operations for those of a third', () => {
  class Two extends Module {
    readonly first = linear(4, 4);
    readonly second = linear(4, 4);

    forward(x: Tensor): Tensor {
      return nnx.clone(this.second).forward(nnx.clone(this.first).forward(x));
    }
  }
  expect(tabulate(new Two(), x(2, 4)).flops).toBe(2 * (2 * 2 * 4 * 4));
});

test('rows from inside vmap, cond, jit and checkpoint', () => {
  class Many extends Module {
    readonly heads = nnx.repeat(3, (rngs) => new Linear(8, 8, { useBias: false, rngs }), { rngs: new Rngs(0) });
    readonly other = linear(8, 8);

    forward(x: Tensor): Tensor {
      const ys = vmap((head: nnx.Linear, y: Tensor) => head.forward(y), { inAxes: [0, null] })(this.heads, x);
      const once = jit((layer: nnx.Linear, y: Tensor) => checkpoint(() => layer.forward(y))());
      const same = (y: Tensor): Tensor => y;
      return lax.cond(np.greater(x.sum(), 0), (y: Tensor) => once(this.other, y), same, ys.sum(0));
    }
  }
  const model = made(() => new Many());
  // A second time, when jit knows the function.
  for (const summary of [tabulate(model, x(2, 8)), tabulate(model, x(2, 8))]) {
    const calls = [{ inputs: ['float32[2,8]'], within: 'vmap' }];
    expect(row(summary, 'heads')).toMatchObject({ flops: 3 * 2 * 2 * 8 * 8, calls });
    expect(row(summary, 'other').flops).toBe(2 * 2 * 8 * 8);
    expect(row(summary, 'other').calls[0]!.within).toContain('cond');
  }
});

test('a module that is made in the call has a row of its own', () => {
  class Maker extends Module {
    forward(x: Tensor): Tensor {
      return new Linear(4, 2, { useBias: false, rngs: new Rngs(0) }).forward(x);
    }
  }
  const summary = tabulate(new Maker(), x(3, 4));
  expect(row(summary, 'Linear')).toMatchObject({ type: 'Linear', flops: 48, variables: [] });
});
