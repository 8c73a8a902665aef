/** What the compiler knows of paths and kinds. Lines that must not compile carry @ts-expect-error. */
import { describe, expect, expectTypeOf, test } from 'vitest';
import { BatchStat, Module, Param, Rngs, State, cpu, grad, lax, nnx, np, withDevice } from '../../src/index.ts';
import type { GraphDef, Tensor, Variable } from '../../src/index.ts';
import { codeOf } from '../support/host.ts';

class Linear extends Module {
  readonly kernel: Param = new Param(np.ones([2]));
  readonly bias: Param | null;
  readonly features: number = 2;

  constructor(useBias = true) {
    super();
    this.bias = useBias ? new Param(np.zeros([2])) : null;
  }

  forward(x: Tensor): Tensor {
    return x.mul(this.kernel);
  }
}

class Norm extends Module {
  readonly scale: Param = new Param(np.ones([2]));
  readonly mean: BatchStat = new BatchStat(np.zeros([2]));
}

class Block extends Module {
  readonly linear: Linear = new Linear();
  readonly norm: Norm = new Norm();
  readonly optional?: Norm;
  readonly layers: readonly Linear[] = [new Linear(), new Linear(false)];
  readonly pair: readonly [Linear, Norm] = [new Linear(), new Norm()];
  readonly named: Readonly<Record<string, Norm>> = { a: new Norm() };
  readonly map: Map<string, Linear> = new Map([['k', new Linear()]]);
  readonly options: { readonly rate: number; readonly extra: Param } = { rate: 0.1, extra: new Param(1) };
  readonly anything: Module = new Linear();
  readonly base: Variable = new Param(3);
  readonly activation: (x: Tensor) => Tensor = (x) => x;

  forward(x: Tensor): Tensor {
    return np.sum(this.linear.forward(x));
  }
}

/** Modules of a type that contains itself. */
class Tree extends Module {
  readonly w: Param = new Param(1);
  readonly children: readonly Tree[] = [];
  readonly left: Tree | null = null;
}

describe('paths', () => {
  const state = new Block().split()[0];

  test('tell the kind of the Variable', () => {
    expectTypeOf(state).toEqualTypeOf<State<Block>>();
    expectTypeOf(state.get('linear/kernel')).toEqualTypeOf<Param>();
    expectTypeOf(state.get('linear/bias')).toEqualTypeOf<Param>();
    expectTypeOf(state.get('norm/mean')).toEqualTypeOf<BatchStat>();
    expectTypeOf(state.get('layers/1/kernel')).toEqualTypeOf<Param>();
    expectTypeOf(state.get('pair/1/mean')).toExtend<Variable>();
    expectTypeOf(state.get('named/a/mean')).toEqualTypeOf<BatchStat>();
    expectTypeOf(state.get('map/k/kernel')).toEqualTypeOf<Param>();
    expectTypeOf(state.get('options/extra')).toEqualTypeOf<Param>();
    expectTypeOf(state.get('anything/kernel')).toEqualTypeOf<Variable>();
    expectTypeOf(state.get('base')).toEqualTypeOf<Variable>();
    expect(state.get('norm/mean')).toBeInstanceOf(BatchStat);
  });

  test('that are wrong do not compile', () => {
    // @ts-expect-error the field is `kernel`
    expect(codeOf(() => state.get('linear/w'))).toBe('STATE_PATH');
    // @ts-expect-error a module is no Variable
    expect(codeOf(() => state.get('linear'))).toBe('STATE_PATH');
    // @ts-expect-error a static field is no Variable
    expect(codeOf(() => state.get('linear/features'))).toBe('STATE_PATH');
    // @ts-expect-error a number is no Variable
    expect(codeOf(() => state.get('options/rate'))).toBe('STATE_PATH');
    // @ts-expect-error a method is no Variable
    expect(codeOf(() => state.get('forward'))).toBe('STATE_PATH');
  });

  test('of another kind do not compile', () => {
    const params = state.extract(Param);
    expectTypeOf(params.get('norm/scale')).toEqualTypeOf<Param>();
    expectTypeOf(params.get('base')).toEqualTypeOf<Param>();
    // @ts-expect-error the mean is a BatchStat
    expect(codeOf(() => params.get('norm/mean'))).toBe('STATE_PATH');
    // @ts-expect-error the value is a Param
    const stat: BatchStat = state.get('norm/scale');
    expect(stat).toBeInstanceOf(Param);
  });

  test('that are computed are taken, and so are all of plain States', () => {
    for (const path of state.keys()) expectTypeOf(state.get(path)).toEqualTypeOf<Variable>();
    const plain: State = state;
    expectTypeOf(plain.get('linear/kernel')).toEqualTypeOf<Variable>();
    expectTypeOf(new State([['w', new Param(0)]]).get('w')).toEqualTypeOf<Param>();
    const typed: State<Block> = plain;
    expectTypeOf(typed.get('norm/mean')).toEqualTypeOf<BatchStat>();
    // @ts-expect-error a State of another module
    const other: State<Tree> = state;
    expect(other).toBe(state);
  });

  test('are known to a depth, so types may contain themselves', () => {
    const tree = new Tree().split()[0];
    expectTypeOf(tree.get('w')).toEqualTypeOf<Param>();
    const deep = (of: State<Tree>) => [of.get('children/0/left/w'), of.get('left/left/left/left/left/left/left/w')] as const;
    expectTypeOf(deep).returns.toEqualTypeOf<readonly [Param, Param]>();
    // @ts-expect-error an array has members by number
    expect(codeOf(() => tree.get('children/w'))).toBe('STATE_PATH');
  });

  test('of modules of any class are any strings', () => {
    const first = (module: Module): Variable => module.split()[0].get('w');
    expect(first(new Tree())).toBeInstanceOf(Param);
  });
});

describe('split and merge', () => {
  const model = new Block();

  test('a State for each filter, by kind', () => {
    const [graphdef, params, others] = nnx.split(model, Param, nnx.rest);
    expectTypeOf(graphdef).toEqualTypeOf<GraphDef<Block>>();
    expectTypeOf(params).toEqualTypeOf<State<Block, Param>>();
    expectTypeOf(others).toEqualTypeOf<State<Block>>();
    expectTypeOf(nnx.merge(graphdef, params, others)).toEqualTypeOf<Block>();
    expectTypeOf(model.split(Param, nnx.rest)).toEqualTypeOf<[State<Block, Param>, State<Block>, GraphDef<Block>]>();
    const [both] = nnx.split(model, [Param, BatchStat]).slice(1) as [State<Block, Param | BatchStat>];
    expectTypeOf(nnx.state(model, [Param, BatchStat])).toEqualTypeOf<typeof both>();
    expectTypeOf(nnx.state(model, nnx.any(Param, BatchStat))).toEqualTypeOf<typeof both>();
    expectTypeOf(nnx.state(model, nnx.ofType(BatchStat), 'tag')).toEqualTypeOf<[State<Block, BatchStat>, State<Block>]>();
    expectTypeOf(nnx.state(model)).toEqualTypeOf<State<Block>>();
    expectTypeOf(params.filter(nnx.pathContains('linear'))).toEqualTypeOf<State<Block, Param>>();
    expectTypeOf(State.merge(params, others.extract(BatchStat))).toEqualTypeOf<State<Block, Param | BatchStat>>();
    expect(both.size).toBe([...nnx.state(model).keys()].length);
  });

  test('a swapped merge does not compile', () => {
    const [graphdef, params, others] = nnx.split(model, Param, nnx.rest);
    // @ts-expect-error the GraphDef comes first
    expect(codeOf(() => nnx.merge(params, graphdef, others))).toBe('VALUE');
    const [state] = model.split();
    // @ts-expect-error a State where the GraphDef is wanted
    expect(codeOf(() => nnx.merge(state, state))).toBe('VALUE');
    // @ts-expect-error the State stands for one argument, and a method comes second
    expect(codeOf(() => graphdef.apply(params, others))).toBe('VALUE');
  });

  test('gradients are States of the module', () => {
    const gradient = withDevice(cpu, () => grad((m: Block, x: Tensor) => m.forward(x))(model, np.ones([2])));
    expectTypeOf(gradient.get('linear/kernel')).toEqualTypeOf<Param>();
    // @ts-expect-error no such path
    expect(codeOf(() => gradient.get('linear/w'))).toBe('STATE_PATH');
  });

  test('loops take functions that say State and nothing more', () => {
    const step = (carry: State, x: Tensor): [State, Tensor] => [carry, x];
    const [last] = withDevice(cpu, () => lax.scan(step, nnx.state(new Linear()), np.ones([2])));
    expect([...last.keys()]).toEqual(['bias', 'kernel']);
  });

  test('pytrees of modules', () => {
    const models = { first: new Linear(), list: [new Norm()], rngs: new Rngs(0) };
    const [graphdef, state] = nnx.split(models);
    expectTypeOf(state.get('list/0/mean')).toEqualTypeOf<BatchStat>();
    expectTypeOf(nnx.merge(graphdef, state)).toEqualTypeOf<typeof models>();
    expect(nnx.merge(graphdef, state).list[0]).toBeInstanceOf(Norm);
  });
});
