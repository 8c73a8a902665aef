/**
 * What traced code gives away by name: `sow` offers a value to the innermost collector around it, and is dropped where there is
 * none. A value leaves the trace in which it was made as a write does, to a slot: a Variable that stands for the name. Who
 * receives a write to a slot sows again, so that every transform threads what is sown as it threads state: stacked by loops,
 * mapped by vmap, once under derivatives.
 */
import { keyText } from '../tree.ts';
import { interruptedTrace } from './eager.ts';
import { currentPath } from './path.ts';
import type { Tensor } from './tensor.ts';
import { currentTrace, withTrace } from './trace.ts';
import type { Trace } from './trace.ts';
import { Variable } from './variable.ts';

/** The class of the Variables that hold what is sown. One that is `onDemand` is not among "any kind". */
export type SownKind = (abstract new (...args: never[]) => Variable) & { readonly onDemand?: boolean };

export interface SownLabel {
  readonly kind: SownKind;
  /** The module's path and the name: `layers/linear/h`. */
  readonly path: string;
}

export interface Sown {
  readonly label: SownLabel;
  readonly value: Tensor;
}

interface Collector {
  /** The trace in which the values are collected; null outside traces. */
  readonly trace: Trace | null;
  takes(kind: SownKind): boolean;
  add(sown: Sown): void;
  /** Equal for collectors that take the same kinds. */
  readonly key: string;
  readonly outer: Collector | null;
}

let innermost: Collector | null = null;

/** Stands for a name in the writes of a trace. */
export class SownSlot extends Variable {
  declare readonly __kind: 'SownSlot';
  readonly label: SownLabel;

  constructor(label: SownLabel) {
    super(0);
    this.label = label;
  }
}

/** Calls `f`; what is sown in it, of these kinds or, where there are none, of any kind, goes to `add`. */
export function collecting<T>(kinds: readonly SownKind[], add: (sown: Sown) => void, f: () => T): T {
  const takes = (kind: SownKind): boolean =>
    kinds.length === 0 ? kind.onDemand !== true : kinds.some((each) => kind === each || kind.prototype instanceof each);
  return within({ takes, add, key: kinds.map(keyText).join('+') }, f);
}

/** Calls `f`; what is sown in it, of the kinds that are collected here, goes to `add` first. */
export function interceptingSown<T>(add: (sown: Sown) => void, f: () => T): T {
  const outer = innermost;
  return outer === null ? f() : within({ takes: (kind) => outerOf(outer, kind) !== null, add, key: '*' }, f);
}

function within<T>(collector: Pick<Collector, 'takes' | 'add' | 'key'>, f: () => T): T {
  const outer = innermost;
  innermost = { ...collector, trace: currentTrace() ?? interruptedTrace(), outer };
  try {
    return f();
  } finally {
    innermost = outer;
  }
}

/** Whether somebody collects this kind here. */
export function isCollected(kind: SownKind): boolean {
  return outerOf(innermost, kind) !== null;
}

/** Equal where the same traced program serves, as far as it depends on what is collected and under which path. */
export function collectionKey(): string {
  const keys: string[] = [];
  for (let collector = innermost; collector !== null; collector = collector.outer) keys.push(collector.key);
  return keys.length === 0 ? '' : `${keys.join('>')}@${currentPath()}`;
}

/** Offers a value to the collectors of its kind. */
export function sowIn(trace: Trace | null, sown: Sown): void {
  const collector = outerOf(innermost, sown.label.kind);
  if (collector === null) return;
  const here = trace ?? interruptedTrace();
  if (here === null || here === collector.trace) collector.add(sown);
  else here.writeVariable(nextSlot(here, sown.label), sown.value);
}

/** The first that takes this kind, from here outwards. */
function outerOf(first: Collector | null, kind: SownKind): Collector | null {
  let collector = first;
  while (collector !== null && !collector.takes(kind)) collector = collector.outer;
  return collector;
}

const counts = new WeakMap<Trace, Map<string, number>>();
const slots = new Map<string, SownSlot>();

/** The slot for the k-th value of this name in the trace; the same one in every trace, so that cached programs serve. */
function nextSlot(trace: Trace, label: SownLabel): SownSlot {
  let known = counts.get(trace);
  if (known === undefined) counts.set(trace, (known = new Map()));
  const name = `${keyText(label.kind)}:${label.path}`;
  const k = known.get(name) ?? 0;
  known.set(name, k + 1);
  const key = `${k}:${name}`;
  let slot = slots.get(key);
  if (slot === undefined) slots.set(key, (slot = withTrace(null, () => new SownSlot(label))));
  return slot;
}
