/** The rectangle of results that one invocation of a Contract kernel accumulates in registers. */
import type { ContractKernel } from '../fuse/kernel.ts';
import type { IndexVariable } from '../scalar/indices.ts';
import type { Block } from './block.ts';
import type { Env } from './expressions.ts';
import { countPoints, unflatten } from './launch.ts';
import { wgslType } from './literals.ts';
import type { ModuleWriter } from './module.ts';
import { sumText } from './precedence.ts';
import { stageName } from './terms.ts';

/** One side of a rectangle: `count` neighbouring values of m (or n) from `first` on, which is a name or a literal. */
export interface Side {
  readonly variables: readonly IndexVariable[];
  readonly first: string;
  readonly count: number;
  /** Whether some rectangles reach beyond the extent. */
  readonly ragged: boolean;
}

/** How the results are cut into rectangles of `m` by `n` values. */
export interface Cut {
  readonly m: number;
  readonly n: number;
}

export function countRectangles(kernel: ContractKernel, { m, n }: Cut): number {
  return countPoints(kernel.batch) * Math.ceil(countPoints(kernel.m) / m) * Math.ceil(countPoints(kernel.n) / n);
}

/** Where a rectangle lies: its batch, and the values of m and n. */
export interface Rectangle {
  readonly env: Env;
  readonly m: Side;
  readonly n: Side;
}

/** The rectangle with a flat number. */
export function placeRectangle(writer: ModuleWriter, kernel: ContractKernel, cut: Cut, number: string): Rectangle {
  const { root } = writer;
  const grid = unflatten(writer.env, root, number, [
    { name: 'batch', size: countPoints(kernel.batch) },
    { name: 'down', size: Math.ceil(countPoints(kernel.m) / cut.m) },
    { name: 'across', size: Math.ceil(countPoints(kernel.n) / cut.n) },
  ]);
  const side = (variables: readonly IndexVariable[], position: string, count: number): Side => {
    const first = position === '0u' || count === 1 ? position : root.let(`${position} * ${count}u`, 'first');
    return { variables, first, count, ragged: countPoints(variables) % count !== 0 };
  };
  return {
    env: unflatten(writer.env, root, grid.text('batch'), kernel.batch),
    m: side(kernel.m, grid.text('down'), cut.m),
    n: side(kernel.n, grid.text('across'), cut.n),
  };
}

/** The environments of the values of a side; those beyond its extent repeat the last one. */
export function clamped(root: Block, env: Env, side: Side, name: string): Env[] {
  const { variables, first, count, ragged } = side;
  return times(count, (offset) => {
    const sum = sumText(first, `${offset}u`);
    const text = ragged && offset > 0 ? `min(${sum}, ${countPoints(variables) - 1}u)` : sum;
    return unflatten(env, root, root.define(text, name), variables);
  });
}

/** The accumulators of a rectangle: vectors along n where it has a multiple of four values. */
export class Outputs {
  readonly #writer: ModuleWriter;
  readonly #m: Side;
  readonly #n: Side;
  readonly #type: string;
  readonly #width: number;
  readonly #accumulators: readonly (readonly string[])[];

  constructor(writer: ModuleWriter, { accumulator }: ContractKernel, m: Side, n: Side) {
    this.#writer = writer;
    this.#m = m;
    this.#n = n;
    this.#width = n.count % 4 === 0 ? 4 : 1;
    this.#type = this.#width === 4 ? `vec4<${wgslType(accumulator)}>` : wgslType(accumulator);
    this.#accumulators = times(m.count, () => times(n.count / this.#width, () => writer.root.numbered('acc')));
    this.#accumulators.flat().forEach((name) => writer.root.line(`var ${name} = ${this.#type}();`));
  }

  /** Adds the products of a column of the left operand and a row of the right one, all names or literals. */
  multiplyAdd(block: Block, lhs: readonly string[], rhs: readonly string[]): void {
    const row = times(rhs.length / this.#width, (chunk) => {
      const elements = rhs.slice(chunk * this.#width, (chunk + 1) * this.#width).join(', ');
      return this.#width === 4 ? block.let(`${this.#type}(${elements})`, 'r') : elements;
    });
    this.#accumulators.forEach((names, i) => names.forEach((name, chunk) => block.line(`${name} += ${lhs[i]} * ${row[chunk]};`)));
  }

  /** Writes the stores of all results. Loops keep the text short: the epilogue appears once. */
  store({ stores }: ContractKernel, env: Env): void {
    const { root } = this.#writer;
    const accumulators = this.#accumulators.flat();
    const results = root.exact('results');
    root.line(`var ${results} = array<${this.#type}, ${accumulators.length}>(${accumulators.join(', ')});`);
    this.#within(root, env, this.#m, 'i', (outer, rowEnv, i) =>
      this.#within(outer, rowEnv, this.#n, 'j', (inner, pointEnv, j) => {
        const result = inner.let(`${results}${this.#subscript(i, j)}`, 'v');
        const point = pointEnv.bind(inner, [[stageName(0), result]]);
        this.#writer.stores(stores, point, inner).forEach((statement) => inner.line(statement));
      }),
    );
  }

  #subscript(i: string, j: string): string {
    if (this.#n.count === 4) return `[${i}][${j}]`;
    if (this.#width === 4) return `[${i} * ${this.#n.count / 4}u + ${j} / 4u][${j} % 4u]`;
    return this.#n.count === 1 ? `[${i}]` : `[${i} * ${this.#n.count}u + ${j}]`;
  }

  /** Visits the values of a side that are not beyond its extent. */
  #within(block: Block, env: Env, side: Side, counter: string, visit: (block: Block, env: Env, step: string) => void): void {
    const { variables, first, count, ragged } = side;
    block.loop(counter, count, (inner, step) => {
      const number = inner.define(sumText(first, step), 'at');
      const body = (inside: Block): void => visit(inside, unflatten(env, inside, number, variables), step);
      if (ragged) inner.nest(`if (${number} < ${countPoints(variables)}u)`, body);
      else body(inner);
    });
  }
}

function times<T>(count: number, make: (position: number) => T): T[] {
  return Array.from({ length: count }, (_, position) => make(position));
}
