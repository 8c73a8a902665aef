/** Operands of control flow: like arguments, except that numbers and booleans are weakly typed tensors. */
import type { Literal } from '../../compiler/ir/jaxpr.ts';
import type { Aval } from '../../compiler/ir/jaxpr.ts';
import { unflatten } from '../tree.ts';
import { literalTensor, scalarLiteral, toTensor } from '../trace/literal.ts';
import { takeSnapshot } from '../trace/structure.ts';
import type { Snapshot } from '../trace/structure.ts';
import { Tensor } from '../trace/tensor.ts';
import { currentTrace, readIn } from '../trace/trace.ts';
import type { Trace } from '../trace/trace.ts';
import { Variable } from '../trace/variable.ts';

/** A leaf that is a tensor in the loop or branch; a Variable stands for its value there. */
export interface OperandLeaf {
  readonly value: Tensor;
  readonly variable: Variable | null;
  readonly path: string;
}

export interface Operands {
  readonly leaves: readonly OperandLeaf[];
  /** Static leaves by their place in the tree. */
  readonly statics: ReadonlyMap<number, unknown>;
  /** The tree as the caller gave it. */
  readonly snapshot: Snapshot;
}

/** `isMapped` tells by their place which leaves are operands; others are left as they are. */
export function readOperands(
  tree: unknown,
  root: string,
  isMapped: (snapshot: Snapshot) => readonly boolean[] = ({ leaves }) => leaves.map(() => true),
): Operands {
  const snapshot = takeSnapshot(tree, root);
  const mapped = isMapped(snapshot);
  const trace = currentTrace();
  const operands: OperandLeaf[] = [];
  const statics = new Map<number, unknown>();
  snapshot.leaves.forEach((leaf, i) => {
    const path = snapshot.paths[i]!;
    if (mapped[i] === false) statics.set(i, leaf);
    else if (leaf instanceof Variable) operands.push({ value: readIn(trace, leaf), variable: leaf, path });
    else if (isTensorLike(leaf)) operands.push({ value: operandTensor(leaf, trace), variable: null, path });
    else statics.set(i, leaf);
  });
  return { leaves: operands, statics, snapshot };
}

/** The tree with tracers in place of its tensors; Variables stay and are bound to their tracers in `trace`. */
export function rebuildOperands(operands: Operands, tracers: readonly Tensor[], trace: Trace): unknown {
  let next = 0;
  const leaves: unknown[] = [];
  const total = operands.leaves.length + operands.statics.size;
  for (let i = 0; i < total; i++) {
    if (operands.statics.has(i)) {
      leaves.push(operands.statics.get(i));
      continue;
    }
    const { variable, path } = operands.leaves[next]!;
    const tracer = tracers[next++]!;
    if (variable !== null) trace.bindVariable(variable, tracer, path);
    leaves.push(variable ?? tracer);
  }
  return unflatten(operands.snapshot.treedef, leaves);
}

export function avalsOf(operands: Operands): Aval[] {
  return operands.leaves.map(({ value }) => value.aval);
}

/** Whether a leaf is a tensor in a loop or branch, and not static. */
export function isOperand(leaf: unknown): boolean {
  return leaf instanceof Variable || isTensorLike(leaf);
}

function isTensorLike(leaf: unknown): leaf is Tensor | number | boolean | ArrayBufferView {
  return leaf instanceof Tensor || typeof leaf === 'number' || typeof leaf === 'boolean' || ArrayBuffer.isView(leaf);
}

/** Numbers and booleans become literals. */
export function operandTensor(leaf: Tensor | number | boolean | ArrayBufferView, trace: Trace | null): Tensor {
  if (typeof leaf === 'number' || typeof leaf === 'boolean') {
    const literal = scalarLiteral(leaf);
    return trace === null ? literalTensor(literal) : Tensor.traced(trace, literal);
  }
  return toTensor(leaf, 'float32');
}

/** An output leaf as something a jaxpr can give. */
export function outputValue(leaf: unknown, trace: Trace): Tensor | Literal | null {
  if (leaf instanceof Variable) return trace.readVariable(leaf);
  if (typeof leaf === 'number' || typeof leaf === 'boolean') return scalarLiteral(leaf);
  return leaf instanceof Tensor || ArrayBuffer.isView(leaf) ? toTensor(leaf, 'float32') : null;
}
