/** Runs a kernel graph on host arrays, kernel by kernel and point by point: what the back end means, without WGSL. */
import type { HostArray } from '../../compiler/dtype.ts';
import { allocate, roundTo } from '../../compiler/dtype.ts';
import type { GraphStep, KernelGraph } from '../../compiler/fuse/graph.ts';
import type { ContractKernel, GroupKernel, Kernel, Stage, Store } from '../../compiler/fuse/kernel.ts';
import { findPrimitive } from '../../compiler/primitives/index.ts';
import { evaluate } from '../../compiler/reference/evaluate.ts';
import { fromNumbers } from '../../compiler/reference/arrays.ts';
import type { Expr } from '../../compiler/scalar/expression.ts';
import type { Index, IndexVariable } from '../../compiler/scalar/indices.ts';
import { sizeOf } from '../../compiler/shape.ts';

export function executeGraph(graph: KernelGraph, inputs: readonly HostArray[]): HostArray[] {
  const execution = new Execution(graph, inputs);
  execution.run(graph.steps);
  return graph.outputs.map((buffer) => execution.array(buffer));
}

class Execution {
  readonly #graph: KernelGraph;
  readonly #arrays = new Map<number, HostArray>();
  readonly #variables = new Map<string, number>();
  /** The step that each loop is in. */
  readonly #steps = new Map<number, number>();
  #reduced: number[] = [];

  constructor(graph: KernelGraph, inputs: readonly HostArray[]) {
    this.#graph = graph;
    graph.inputs.forEach((buffer, i) => this.#arrays.set(buffer, inputs[i]!));
  }

  run(steps: readonly GraphStep[]): void {
    for (const step of steps) {
      if (step.kind === 'kernel') this.#kernel(step.kernel);
      else {
        for (let t = 0; this.#goesOn(step, t); t++) {
          this.#steps.set(step.loop, t);
          this.#variables.set(step.counter.name, t);
          this.run(step.steps);
        }
      }
    }
  }

  /** A loop with an end of its own takes an even number of steps; some more would change nothing. */
  #goesOn({ counter, until }: Extract<GraphStep, { kind: 'loop' }>, t: number): boolean {
    if (until === undefined) return t < counter.size;
    return t === 0 || t % 2 === 1 || this.array(until).data[0] !== 0;
  }

  /**
   * The array behind a buffer; a carry is in one or the other of two. Memory that was never written holds a strange value, but an
   * index that was never written looks like one.
   */
  array(buffer: number): HostArray {
    const { carry, dtype, shape } = this.#graph.buffers[buffer]!;
    if (carry !== undefined) {
      const step = this.#steps.get(carry.loop)!;
      if (carry.side === 'read' && step === 0) return this.array(carry.initial);
      const even = carry.side === 'write' ? step % 2 === 0 : step % 2 === 1;
      return this.array(even ? carry.even : carry.odd);
    }
    const array = this.#arrays.get(buffer) ?? { dtype, shape, data: allocate(dtype, sizeOf(shape)).fill(dtype === 'int32' ? 1 : 77) };
    this.#arrays.set(buffer, array);
    return array;
  }

  #kernel(kernel: Kernel): void {
    if (kernel.guard !== undefined && this.array(kernel.guard.buffer).data[0] !== kernel.guard.branch) return;
    switch (kernel.kind) {
      case 'map':
        return this.#each(kernel.domain, () => this.#store(kernel.stores));
      case 'row':
        return this.#each(kernel.rows, () => {
          this.#reduced = [];
          for (const stage of kernel.stages) this.#reduced.push(this.#reduce(stage, kernel.columns));
          this.#store(kernel.rowStores);
          this.#each(kernel.columns, () => this.#store(kernel.elementStores));
        });
      case 'contract':
        return this.#each([...kernel.batch, ...kernel.m, ...kernel.n], () => {
          let sum = 0;
          this.#each(kernel.k, () => (sum += this.#product(kernel)));
          this.#reduced = [roundTo(kernel.accumulator, sum)];
          this.#store(kernel.stores);
        });
      case 'group':
        return this.#group(kernel);
      case 'scan':
        return this.#each(kernel.domain, () => {
          this.#reduced = kernel.carries.map(({ initial }) => this.#value(initial));
          for (let t = 0; t < kernel.counter.size; t++) {
            this.#variables.set(kernel.counter.name, t);
            if (kernel.holds !== undefined && this.#value(kernel.holds) === 0) break;
            const next = kernel.carries.map((carry) => this.#value(carry.next));
            this.#store(kernel.stepStores);
            this.#reduced = next;
          }
          this.#store(kernel.stores);
        });
    }
  }

  /** What the graph says of the carries holds, whatever memory they are in. */
  #group({ counter, parts, carries }: GroupKernel): void {
    const { loop } = this.#graph.buffers[carries[0]!.buffer]!.carry!;
    for (let t = 0; t < counter.size; t++) {
      this.#steps.set(loop, t);
      this.#variables.set(counter.name, t);
      for (const { kernel } of parts) this.#kernel(kernel);
    }
  }

  #product({ accumulator, lhs, rhs }: ContractKernel): number {
    const [a, b] = [this.#value(lhs), this.#value(rhs)];
    return accumulator === 'float32' ? a * b : Math.imul(a, b);
  }

  #reduce({ monoid, dtype, value, position }: Stage, columns: readonly IndexVariable[]): number {
    const values: number[] = [];
    const positions: number[] = [];
    this.#each(columns, () => {
      values.push(this.#value(value));
      if (position !== undefined) positions.push(this.#index(position));
    });
    const name = monoid.startsWith('arg') ? monoid : `reduce_${monoid}`;
    const operand = fromNumbers(value.dtype, [values.length], values);
    const found = findPrimitive(name)!.reference([operand], { axes: [0] }, evaluate)[0]!.data[0]!;
    return roundTo(dtype, position === undefined ? found : positions[found]!);
  }

  /** All values are computed before the first is stored, as in a thread. */
  #store(stores: readonly Store[]): void {
    const values = stores.map(({ value, index }) => [this.#index(index), this.#value(value)] as const);
    stores.forEach(({ buffer, dtype }, i) => {
      const { data } = this.array(buffer);
      const [at, value] = values[i]!;
      if (at >= data.length) throw new Error(`a store at ${at} of ${data.length}`);
      data[at] = roundTo(dtype, value);
    });
  }

  #each(variables: readonly IndexVariable[], body: () => void): void {
    const [first, ...rest] = variables;
    if (first === undefined) return body();
    for (let i = 0; i < first.size; i++) {
      this.#variables.set(first.name, i);
      this.#each(rest, body);
    }
  }

  #index(index: Index): number {
    switch (index.kind) {
      case 'constant':
        return index.value >>> 0;
      case 'variable':
        return this.#variables.get(index.name)!;
      case 'add':
        return (this.#index(index.a) + this.#index(index.b)) >>> 0;
      case 'scale':
        return Math.imul(this.#index(index.a), index.by) >>> 0;
      case 'divide':
        return Math.floor(this.#index(index.a) / index.by);
      case 'modulo':
        return this.#index(index.a) % index.by;
      case 'dynamic':
        return this.#value(index.value) >>> 0;
    }
  }

  #value(expr: Expr): number {
    switch (expr.kind) {
      case 'constant':
        return expr.value;
      case 'load': {
        const value = this.array(expr.buffer).data[this.#index(expr.index)];
        if (value === undefined) throw new Error(`a load out of bounds of buffer ${expr.buffer}`);
        return value;
      }
      case 'index':
        return roundTo(expr.dtype, this.#index(expr.index));
      case 'select': {
        const [yes, no] = [this.#value(expr.yes), this.#value(expr.no)];
        return this.#value(expr.condition) !== 0 ? yes : no;
      }
      case 'reduced':
        return this.#reduced[expr.stage]!;
      case 'apply':
        return apply(expr, expr.args.map((arg) => this.#value(arg)));
    }
  }
}

function apply({ fn, dtype, args }: Extract<Expr, { kind: 'apply' }>, values: readonly number[]): number {
  switch (fn.name) {
    case 'less':
      return values[0]! < values[1]! ? 1 : 0;
    case 'both':
      return values[0]! !== 0 && values[1]! !== 0 ? 1 : 0;
    case 'index_to_float':
      return roundTo(dtype, values[0]!);
  }
  const power = /^integer_pow_(-?\d+)$/.exec(fn.name);
  const word = /^threefry2x32_([xy])$/.exec(fn.name);
  const name = power ? 'integer_pow' : word ? 'threefry2x32' : fn.name;
  const primitive = findPrimitive(name);
  if (primitive === undefined) throw new Error(`no host version of ${fn.name}`);
  const operands = values.map((value, i) => fromNumbers(args[i]!.dtype, [], [value]));
  const results = primitive.reference(operands, { newDtype: dtype, y: Number(power?.[1]) }, evaluate);
  return results[word?.[1] === 'y' ? 1 : 0]!.data[0]!;
}
