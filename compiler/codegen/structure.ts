/** What a kernel computes, whatever its buffers are called: kernels of one structure have one WGSL text. */
import type { DType } from '../dtype.ts';
import type { Kernel, Stage, Store } from '../fuse/kernel.ts';
import type { Expr } from '../scalar/expression.ts';
import type { Index, IndexVariable } from '../scalar/indices.ts';

export interface Structure {
  /** Buffers are named by their positions in `buffers`. */
  readonly text: string;
  readonly buffers: readonly number[];
}

/** Undefined for kernels that hold loops, and for those that read an index at run time: its place in sums depends on buffers. */
export function structureOf(kernel: Kernel): Structure | undefined {
  if (kernel.kind === 'scan' || kernel.kind === 'group') return undefined;
  const writer = new StructureWriter();
  const { kind, loops, guard } = kernel;
  const parts = [kind, writer.variables(loops), guard === undefined ? '' : `${writer.buffer(guard.buffer)}=${guard.branch}`];
  switch (kind) {
    case 'map':
      parts.push(writer.variables(kernel.domain), ...kernel.stores.map(writer.store));
      break;
    case 'row':
      parts.push(writer.variables(kernel.rows), writer.variables(kernel.columns), ...kernel.stages.map(writer.stage));
      parts.push('rows', ...kernel.rowStores.map(writer.store), 'elements', ...kernel.elementStores.map(writer.store));
      break;
    case 'contract':
      parts.push(...[kernel.batch, kernel.m, kernel.n, kernel.k].map(writer.variables), kernel.accumulator);
      parts.push(writer.node(kernel.lhs), writer.node(kernel.rhs), ...kernel.stores.map(writer.store));
      break;
  }
  return writer.isStatic ? { text: [...writer.nodes, ...parts].join('\n'), buffers: [...writer.buffers.keys()] } : undefined;
}

/** Writes every expression and index once, and names it by its number from then on. */
class StructureWriter {
  readonly nodes: string[] = [];
  readonly buffers = new Map<number, number>();
  isStatic = true;
  readonly #names = new Map<Expr | Index, string>();

  variables = (variables: readonly IndexVariable[]): string => variables.map(({ name, size }) => `${name}:${size}`).join();

  store = ({ buffer, dtype, index, value }: Store): string =>
    `${this.buffer(buffer)} ${dtype} ${this.node(index)} ${this.node(value)}`;

  stage = ({ monoid, dtype, value, position }: Stage): string =>
    `${monoid} ${dtype} ${this.node(value)} ${position === undefined ? '' : this.node(position)}`;

  buffer(buffer: number): string {
    const number = this.buffers.get(buffer) ?? this.buffers.size;
    this.buffers.set(buffer, number);
    return `b${number}`;
  }

  node(node: Expr | Index): string {
    const known = this.#names.get(node);
    if (known !== undefined) return known;
    const text = 'dtype' in node ? this.#expression(node) : this.#index(node);
    const name = `#${this.nodes.push(text)}`;
    this.#names.set(node, name);
    return name;
  }

  #expression(expr: Expr): string {
    switch (expr.kind) {
      case 'constant':
        return constantText(expr.dtype, expr.value);
      case 'load':
        return `load ${expr.dtype} ${this.buffer(expr.buffer)} ${this.node(expr.index)}`;
      case 'index':
        return `index ${expr.dtype} ${this.node(expr.index)}`;
      case 'apply':
        return `${expr.fn.name} ${expr.dtype} ${expr.args.map((arg) => this.node(arg)).join(' ')}`;
      case 'select':
        return `select ${this.node(expr.condition)} ${this.node(expr.yes)} ${this.node(expr.no)}`;
      case 'reduced':
        return `reduced ${expr.dtype} ${expr.stage}`;
    }
  }

  #index(index: Index): string {
    switch (index.kind) {
      case 'constant':
        return `${index.value}`;
      case 'variable':
        return `${index.name}:${index.size}`;
      case 'add':
        return `${this.node(index.a)} + ${this.node(index.b)}`;
      case 'scale':
      case 'divide':
      case 'modulo':
        return `${index.kind} ${this.node(index.a)} ${index.by}`;
      case 'dynamic':
        this.isStatic = false;
        return 'dynamic';
    }
  }
}

function constantText(dtype: DType, value: number): string {
  return `${dtype} ${Object.is(value, -0) ? '-0' : value}`;
}
