/** tabulate: rows, shapes, sizes and operations of models, without running anything. */
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { ShapeDtype, cpu, grad, lax, nn, nnx, np, withDevice } from '../../src/index.ts';
import type { Tensor } from '../../src/index.ts';
import { messageOf } from '../support/messages.ts';

/** Large initial values and stacks need a device to be made; tabulate does not. */
const made = <T>(make: () => T): T => withDevice(cpu, make);

const { Linear, Module, Param, Rngs, tabulate } = nnx;
const x = (...shape: number[]): ShapeDtype => new ShapeDtype(shape, 'float32');

class Block extends Module {
  readonly linear: nnx.Linear;
  readonly bn: nnx.BatchNorm;
  readonly dropout: nnx.Dropout;

  constructor(din: number, dout: number, rngs: nnx.Rngs) {
    super();
    this.linear = new Linear(din, dout, { rngs });
    this.bn = new nnx.BatchNorm(dout, { rngs });
    this.dropout = new nnx.Dropout(0.2, { rngs });
  }

  forward(x: Tensor): Tensor {
    return nn.relu(this.dropout.forward(this.bn.forward(this.linear.forward(x))));
  }
}

class Foo extends Module {
  readonly block1: Block;
  readonly block2: Block;

  constructor(rngs: nnx.Rngs) {
    super();
    this.block1 = new Block(32, 128, rngs);
    this.block2 = new Block(128, 10, rngs);
  }

  forward(x: Tensor): Tensor {
    return this.block2.forward(this.block1.forward(x));
  }
}

/** `Linear` layers one after the other. */
class Chain extends Module {
  readonly layers: readonly nnx.Linear[];

  constructor(layers: readonly nnx.Linear[]) {
    super();
    this.layers = layers;
  }

  forward(x: Tensor): Tensor {
    return this.layers.reduce((y, layer) => layer.forward(y), x);
  }
}

const linear = (din: number, dout: number, useBias = false): nnx.Linear => new Linear(din, dout, { useBias, rngs: new Rngs(0) });
const paths = (summary: nnx.Summary): string[] => summary.rows.map(({ path }) => path);
const row = (summary: nnx.Summary, path: string): nnx.SummaryRow => summary.rows.find((one) => one.path === path)!;

describe('behaviours of Flax', () => {
  test('test_tabulate: a row per module in the order of calls, sizes by kind, totals', () => {
    const text = String(tabulate(made(() => new Foo(new Rngs(0))), x(1, 32)));
    expect(text).toMatchInlineSnapshot(`
      "Foo Summary
      ┌────────────────┬───────────┬────────────────┬────────────────┬────────────────────┬─────────────────────────┬──────────┬────────┐
      │ path           │ type      │ inputs         │ outputs        │ BatchStat          │ Param                   │ RngState │ FLOPs  │
      ├────────────────┼───────────┼────────────────┼────────────────┼────────────────────┼─────────────────────────┼──────────┼────────┤
      │                │ Foo       │ float32[1,32]  │ float32[1,10]  │ 276 (1.1 KB)       │ 5,790 (23.2 KB)         │ 6 (24 B) │ 14,898 │
      ├────────────────┼───────────┼────────────────┼────────────────┼────────────────────┼─────────────────────────┼──────────┼────────┤
      │ block1         │ Block     │ float32[1,32]  │ float32[1,128] │ 256 (1.0 KB)       │ 4,480 (17.9 KB)         │ 3 (12 B) │ 12,035 │
      ├────────────────┼───────────┼────────────────┼────────────────┼────────────────────┼─────────────────────────┼──────────┼────────┤
      │ block1/linear  │ Linear    │ float32[1,32]  │ float32[1,128] │                    │ bias: float32[128]      │          │ 8,320  │
      │                │           │                │                │                    │ kernel: float32[32,128] │          │        │
      │                │           │                │                │                    │ 4,224 (16.9 KB)         │          │        │
      ├────────────────┼───────────┼────────────────┼────────────────┼────────────────────┼─────────────────────────┼──────────┼────────┤
      │ block1/bn      │ BatchNorm │ float32[1,128] │ float32[1,128] │ mean: float32[128] │ bias: float32[128]      │          │ 2,304  │
      │                │           │                │                │ var: float32[128]  │ scale: float32[128]     │          │        │
      │                │           │                │                │ 256 (1.0 KB)       │ 256 (1.0 KB)            │          │        │
      ├────────────────┼───────────┼────────────────┼────────────────┼────────────────────┼─────────────────────────┼──────────┼────────┤
      │ block1/dropout │ Dropout   │ float32[1,128] │ float32[1,128] │                    │                         │ 3 (12 B) │ 1,027  │
      ├────────────────┼───────────┼────────────────┼────────────────┼────────────────────┼─────────────────────────┼──────────┼────────┤
      │ block2         │ Block     │ float32[1,128] │ float32[1,10]  │ 20 (80 B)          │ 1,310 (5.2 KB)          │ 3 (12 B) │ 2,863  │
      ├────────────────┼───────────┼────────────────┼────────────────┼────────────────────┼─────────────────────────┼──────────┼────────┤
      │ block2/linear  │ Linear    │ float32[1,128] │ float32[1,10]  │                    │ bias: float32[10]       │          │ 2,570  │
      │                │           │                │                │                    │ kernel: float32[128,10] │          │        │
      │                │           │                │                │                    │ 1,290 (5.2 KB)          │          │        │
      ├────────────────┼───────────┼────────────────┼────────────────┼────────────────────┼─────────────────────────┼──────────┼────────┤
      │ block2/bn      │ BatchNorm │ float32[1,10]  │ float32[1,10]  │ mean: float32[10]  │ bias: float32[10]       │          │ 180    │
      │                │           │                │                │ var: float32[10]   │ scale: float32[10]      │          │        │
      │                │           │                │                │ 20 (80 B)          │ 20 (80 B)               │          │        │
      ├────────────────┼───────────┼────────────────┼────────────────┼────────────────────┼─────────────────────────┼──────────┼────────┤
      │ block2/dropout │ Dropout   │ float32[1,10]  │ float32[1,10]  │                    │                         │ 3 (12 B) │ 83     │
      ├────────────────┼───────────┼────────────────┼────────────────┼────────────────────┼─────────────────────────┼──────────┼────────┤
      │                │ total     │                │                │ 276 (1.1 KB)       │ 5,790 (23.2 KB)         │ 6 (24 B) │ 14,898 │
      └────────────────┴───────────┴────────────────┴────────────────┴────────────────────┴─────────────────────────┴──────────┴────────┘
      Total: 6,072 (24.3 KB)"
    `);
    // Flax counts a typed key as one number; here it is the two that it consists of.
    for (const total of ['276 (1.1 KB)', '5,790 (23.2 KB)', '6 (24 B)']) expect(text.split('\n').at(-3)).toContain(total);
  });

  test('test_multiple_inputs_and_outputs: a line for each', () => {
    class Custom extends Module {
      readonly weight = new Param(np.ones([4, 8]));
      readonly bias = new Param(np.ones([8]));

      forward(x: Tensor, x2: Tensor): Tensor[] {
        const y = x.matmul(this.weight).add(this.bias).add(x2);
        return [x, y, y.mul(2)];
      }
    }
    const [root] = tabulate(new Custom(), np.ones([1, 4]), np.ones([1, 8])).rows;
    expect(root!.calls).toEqual([
      { inputs: ['float32[1,4]', 'float32[1,8]'], outputs: ['float32[1,4]', 'float32[1,8]', 'float32[1,8]'], within: '' },
    ]);
  });

  test('test_tabulate_empty_dict_first_arg, last_arg, and_none_kwarg, property: static arguments are shown', () => {
    class Part extends Module {
      forward(first: unknown, _second: unknown, options: { readonly foo: unknown } = { foo: 1 }): Tensor {
        void options;
        return first instanceof Object && 'shape' in first ? (first as Tensor) : np.zeros([]);
      }
    }
    class Whole extends Module {
      readonly part = new Part();
      readonly foo = {};

      forward(x: Tensor): Tensor {
        this.part.forward(this.foo, x);
        this.part.forward(x, {}, { foo: null });
        return this.part.forward(x, {}, { foo: {} });
      }
    }
    const { calls } = row(tabulate(new Whole(), x(1, 8)), 'part');
    expect(calls.map(({ inputs }) => inputs.join(' '))).toEqual([
      '{} float32[1,8]',
      'float32[1,8] {} { foo: null }',
      'float32[1,8] {} { foo: {} }',
    ]);
  });

  test('test_no_dup_flops: what a module computes counts once in its row, and once in those around it', () => {
    const summary = tabulate(new Chain([linear(4, 8), linear(8, 2)]), x(3, 4));
    expect(summary.rows.map(({ path, flops }) => [path, flops])).toEqual([
      ['', 2 * 3 * 4 * 8 + 2 * 3 * 8 * 2],
      ['layers/0', 2 * 3 * 4 * 8],
      ['layers/1', 2 * 3 * 8 * 2],
    ]);
    expect(paths(summary)).toEqual([...new Set(paths(summary))]);
  });

  test('test_flops: with those of the gradient on demand', () => {
    const summary = tabulate(new Chain([linear(4, 8)]), x(3, 4));
    expect(summary.table()).not.toContain('with gradient');
    expect(summary.table({ gradient: true })).toContain('with gradient');
    // The product, and the one of which the gradient of the kernel consists.
    expect(summary.gradientFlops).toBe(2 * summary.flops);
  });

  test('test_nested: three rows a block, and one for the model', () => {
    expect(paths(tabulate(made(() => new Foo(new Rngs(0))), x(4, 32)))).toEqual([
      '',
      'block1', 'block1/linear', 'block1/bn', 'block1/dropout',
      'block2', 'block2/linear', 'block2/bn', 'block2/dropout',
    ]);
  });

  test('test_shared: a shared module has one row, which is marked, and counts once', () => {
    const shared = linear(2, 2);
    class Half extends Module {
      readonly linear = shared;
      readonly own = linear(2, 2);

      forward(x: Tensor): Tensor {
        return this.own.forward(this.linear.forward(x));
      }
    }
    class Both extends Module {
      readonly block1 = new Half();
      readonly block2 = new Half();

      forward(x: Tensor): Tensor {
        return this.block2.forward(this.block1.forward(x));
      }
    }
    const summary = tabulate(new Both(), x(4, 2));
    expect(paths(summary)).toEqual(['', 'block1', 'block1/linear', 'block1/own', 'block2', 'block2/own']);
    expect(row(summary, 'block1/linear').sharedAt).toEqual(['block2/linear']);
    expect(summary.sizes.get('Param')).toEqual({ count: 12, bytes: 48 });
    expect(row(summary, 'block2').sizes.get('Param')).toEqual({ count: 8, bytes: 32 });
    // Its row has both calls, and each block its own.
    const product = 2 * 4 * 2 * 2;
    expect(summary.rows.map(({ flops }) => flops / product)).toEqual([4, 2, 2, 1, 2, 1]);
    expect(String(summary)).toContain('│ = block2/linear');
  });

  test('test_tabulate_with_variable_hooks: hooks run, and metadata of any kind stays', () => {
    class Hooked extends Module {
      readonly weight = new Param(np.ones([2, 3]), { onGetValue: (_, value) => value.mul(2), about: { toString: () => 'it' } });

      forward(x: Tensor): Tensor {
        return x.matmul(this.weight);
      }
    }
    const model = new Hooked();
    const { metadata } = model.weight;
    expect(tabulate(model, x(1, 2)).flops).toBe(2 * 1 * 2 * 3 + 2 * 3);
    expect(model.weight.metadata).toBe(metadata);
  });
});

describe('a call is traced and nothing else', () => {
  test('state is as it was', async () => {
    const model = new Block(4, 4, new Rngs(0));
    const before = await Promise.all([...model.split()[0].values()].map((variable) => variable.value.array()));
    tabulate(model, x(2, 4));
    expect(await Promise.all([...model.split()[0].values()].map((variable) => variable.value.array()))).toEqual(before);
  });

  test('a large input needs no memory', () => {
    const model = made(() => new Chain([linear(1000, 10)]));
    expect(tabulate(model, x(1_000_000_000, 1000)).flops).toBe(2 * 1e9 * 1000 * 10);
  });

  test('a tensor serves, too, and a method in the place of forward', () => {
    class Coder extends Module {
      readonly encoder = linear(4, 2);

      encode(x: Tensor): Tensor {
        return this.encoder.forward(x);
      }
    }
    const summary = tabulate(new Coder(), (model) => model.encode(np.ones([3, 4])));
    const calls = [{ inputs: ['float32[3,4]'], outputs: ['float32[3,2]'] }];
    expect(row(summary, 'encoder')).toMatchObject({ flops: 48, calls });
    expect(summary.flops).toBe(48);
  });

  test('a module without forward has rows, too', () => {
    class Holder extends Module {
      readonly weight = new Param(np.ones([3]));
    }
    expect(tabulate(new Holder()).rows).toMatchObject([{ path: '', type: 'Holder', calls: [], flops: 0 }]);
  });
});

test('the operations of the gradient are those of the jaxpr of grad', () => {
  const model = new Chain([linear(4, 8, true), linear(8, 2, true)]);
  const summary = tabulate(model, x(3, 4));
  const loss = (m: Chain): Tensor => m.forward(np.zeros([3, 4])).sum();
  const whole = tabulate(model, (m) => grad(loss)(m).get('layers/0/kernel').value);
  // The sum and its cotangent aside.
  expect(Math.abs(whole.flops - summary.gradientFlops)).toBeLessThanOrEqual(2 * 3 * 2);
});

test('depth, and what is below it counts above', () => {
  const summary = tabulate(made(() => new Foo(new Rngs(0))), x(1, 32));
  const shallow = summary.table({ depth: 1 });
  expect(shallow).not.toContain('linear');
  expect(shallow).toContain('│ block2 │');
  const totals = (table: string): string[] => table.split('\n').at(-3)!.split('│').map((cell) => cell.trim());
  expect(totals(shallow)).toEqual(totals(summary.table()));
  expect(inspect(summary)).toBe(summary.table());
});

test('a while loop counts as one step, and the table says so', () => {
  class Loop extends Module {
    readonly layer = linear(4, 4);

    forward(x: Tensor): Tensor {
      return lax.whileLoop((y: Tensor) => np.less(y.sum(), 10), (y: Tensor) => this.layer.forward(y), x);
    }
  }
  const summary = tabulate(new Loop(), x(2, 4));
  expect(row(summary, 'layer')).toMatchObject({ flops: 64, calls: [{ within: 'whileLoop' }] });
  expect(String(summary)).toContain('one step of a while loop');
});

test('shared Variables are named where they are met again', () => {
  class Tied extends Module {
    readonly embed = linear(4, 4);
    readonly out = { kernel: this.embed.kernel, more: [new Param(np.ones([2]))] };

    forward(x: Tensor): Tensor {
      return this.embed.forward(x).matmul(this.out.kernel);
    }
  }
  const summary = tabulate(new Tied(), x(1, 4));
  expect(summary.rows[0]!.variables).toEqual([
    { name: 'out/kernel', kind: 'Param', type: 'float32[4,4]', sharedWith: 'embed/kernel' },
    { name: 'out/more/0', kind: 'Param', type: 'float32[2]', sharedWith: null },
  ]);
  expect(summary.sizes.get('Param')).toEqual({ count: 18, bytes: 72 });
  expect(String(summary)).toContain('out/kernel: shared with embed/kernel');
});

test('refuses what has nothing to call', () => {
  class Holder extends Module {
    readonly weight = new Param(np.ones([3]));
  }
  const holder = new Holder() as Holder & { forward(x: Tensor): Tensor };
  const model = new Chain([]);
  const messages = [
    () => tabulate(holder, np.ones([3])),
    () => tabulate((() => 1) as unknown as Holder),
    () => tabulate(model, np.ones([3])).table({ deep: 1 } as nnx.TableOptions),
  ].map((f) => messageOf(f).replaceAll(/\n {2}at: .*/g, ''));
  expect(messages).toMatchInlineSnapshot(`
    [
      "[VALUE] tabulate: Holder has no method forward to take arguments
      fix: nnx.tabulate(model, (model) => model.encode(x))",
      "[VALUE] tabulate: the function (anonymous) is not a module
      fix: nnx.tabulate(model, x)",
      "[VALUE] Summary.table: there is no option deep; the options are depth, gradient
      fix: Summary.table(..., { depth: null })",
    ]
  `);
});
