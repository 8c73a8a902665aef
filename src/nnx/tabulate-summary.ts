/** What tabulate found of a model: rows, totals, and a table of them. */
import { readOptions } from '../options.ts';
import { printsItself } from '../trace/printing.ts';
import type { Size } from './sizes.ts';
import type { CallLog, ObservedCall } from './tabulate-calls.ts';
import type { ModuleEntry, OwnVariable } from './tabulate-modules.ts';
import { tableText } from './tabulate-text.ts';

export interface SummaryRow {
  /** The path of the module, '' for the model itself. */
  readonly path: string;
  /** Where else it is found. */
  readonly sharedAt: readonly string[];
  readonly type: string;
  /** How many modules it is in. */
  readonly depth: number;
  /** The different calls of its `forward`; none when it was not called. */
  readonly calls: readonly ObservedCall[];
  /** How often the scans around its calls run it. */
  readonly times: number;
  readonly variables: readonly OwnVariable[];
  /** Elements and bytes by kind of Variable, submodules included. */
  readonly sizes: ReadonlyMap<string, Size>;
  /** Operations of its calls in one call of the model, submodules included. */
  readonly flops: number;
}

export interface TableOptions {
  /** Modules in more than so many others are left out; their numbers count in those around them. */
  readonly depth?: number;
  /** Adds what a call and its gradient with respect to the Params take together. */
  readonly gradient?: boolean;
}

/** Operations by module. */
export interface Attributed {
  readonly flops: ReadonlyMap<ModuleEntry, number>;
  readonly times: ReadonlyMap<ModuleEntry, number>;
  /** A while loop counts as one step. */
  readonly open: boolean;
}

/** What `tabulate` found. It prints as a table. */
export class Summary {
  /** The model first, then its modules in the order of their calls, each after the one that it is in. */
  readonly rows: readonly SummaryRow[];
  /** Elements and bytes by kind, each Variable once. */
  readonly sizes: ReadonlyMap<string, Size>;
  /** Operations of one call. */
  readonly flops: number;
  /** The call has a while loop, of which one step is counted. */
  readonly open: boolean;
  readonly #entries: readonly ModuleEntry[];
  readonly #gradient: () => Attributed;
  #gradientFlops: Attributed | null = null;

  constructor(root: ModuleEntry, log: CallLog, forward: Attributed, gradient: () => Attributed) {
    this.#entries = inOrder(root, log);
    this.rows = this.#entries.map((entry) => ({
      path: entry.path,
      sharedAt: entry.sharedAt,
      type: entry.type,
      depth: entry.depth,
      calls: log.callsOf(entry),
      times: forward.times.get(entry) ?? 1,
      variables: entry.own,
      sizes: entry.sizes,
      flops: forward.flops.get(entry) ?? 0,
    }));
    this.sizes = root.sizes;
    this.flops = forward.flops.get(root) ?? 0;
    this.open = forward.open;
    this.#gradient = gradient;
  }

  /**
   * Operations of one call and of its gradient with respect to the Params, together.
   *
   * @throws DERIVATIVE for a model that has none, because of a while loop.
   */
  get gradientFlops(): number {
    return this.#withGradient()[0] ?? 0;
  }

  /** The table as text. */
  table(options: TableOptions = {}): string {
    const defaults: Required<TableOptions> = { depth: Infinity, gradient: false };
    const { depth, gradient } = readOptions('Summary.table', options, defaults);
    return tableText(this, depth, gradient ? this.#withGradient() : null);
  }

  toString(): string {
    return this.table();
  }

  /** Per row. */
  #withGradient(): readonly number[] {
    const { flops } = (this.#gradientFlops ??= this.#gradient());
    return this.#entries.map((entry) => flops.get(entry) ?? 0);
  }
}

/** A module, then those in it, in the order in which they were called; those never called come last. */
function inOrder(entry: ModuleEntry, log: CallLog): ModuleEntry[] {
  const order = (child: ModuleEntry): number => Math.min(log.orderOf(child), ...child.children.map(order));
  const children = entry.children.map((child) => ({ child, place: order(child) })).sort((a, b) => a.place - b.place || 0);
  return [...(entry.hidden ? [] : [entry]), ...children.flatMap(({ child }) => inOrder(child, log))];
}

printsItself(Summary);
