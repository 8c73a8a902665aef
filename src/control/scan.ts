/** lax.scan: a loop with a carry, as one equation of the IR. */
import type { HeddleError } from '../../compiler/errors.ts';
import { userError } from '../trace/user-error.ts';
import { promote } from '../../compiler/dtype.ts';
import { Jaxpr, showAval } from '../../compiler/ir/jaxpr.ts';
import type { Aval, Literal } from '../../compiler/ir/jaxpr.ts';
import { findPrimitive } from '../../compiler/primitives/index.ts';
import { sameShape, showShape } from '../../compiler/shape.ts';
import { bind, cast, located } from '../trace/bind.ts';
import { readOptions } from '../options.ts';
import { calleeName } from '../trace/callee.ts';
import { typeName } from '../trace/printing.ts';
import { finish, orDrop, stage } from '../trace/stage.ts';
import type { Staged } from '../trace/stage.ts';
import { checkStructure } from '../trace/structure.ts';
import type { Tensor } from '../trace/tensor.ts';
import { currentTrace, withTrace, writeIn } from '../trace/trace.ts';
import type { Trace } from '../trace/trace.ts';
import { Variable, adoptVariable, kindOf } from '../trace/variable.ts';
import { flatten, treedefKey, unflatten } from '../tree.ts';
import type { TreeDef } from '../tree.ts';
import type { Returned, Traced } from './traced.ts';
import { avalsOf, outputValue, readOperands, rebuildOperands } from './operands.ts';
import type { Operands } from './operands.ts';
import { describeDifferences } from './differences.ts';
import { freshVariables, kindDifferences } from './results.ts';

export interface ScanOptions {
  /** The number of steps; needed when `xs` is null, and checked against its leading axes otherwise. */
  readonly length?: number;
  /** Runs from the last slice to the first; ys keep the order of xs. */
  readonly reverse?: boolean;
}

interface ScanChoices {
  readonly length: number | undefined;
  readonly reverse: boolean;
}

/**
 * `[carry, ys]` of the loop `[carry, y] = f(carry, x)` over the leading axis of the leaves of `xs` (null: no xs). ys are the y's
 * stacked on a new leading axis. Numbers in carries and xs are weakly typed tensors. Variables that `f` writes become carries; a
 * Variable in `xs` is its slice inside `f`, and when written, its slices come back stacked. The counterpart of jax.lax.scan.
 *
 * @throws CARRY when the carry's structure, shapes or dtypes change, with one difference per path; SHAPE when leading axes differ.
 */
export function scan<const C, const X, Y>(
  f: (carry: Traced<C>, x: Traced<X>) => readonly [Returned<C>, Y],
  init: C,
  xs: X,
  options: ScanOptions = {},
): [Traced<C>, Traced<Y>] {
  return located(() => {
    const name = `scan(${calleeName('lax.scan', f, 'lax.scan((carry, x) => [carry, x], init, xs)')})`;
    const choices = readOptions<ScanChoices>('lax.scan', options, { length: undefined, reverse: false });
    const carried = readOperands(init, 'carry');
    const mapped = readOperands(xs, 'xs');
    checkRoles(name, carried, mapped);
    const length = scanLength(name, mapped, choices.length);
    const sliceAvals = avalsOf(mapped).map((aval): Aval => ({ ...aval, shape: aval.shape.slice(1) }));
    const run = (carryAvals: readonly Aval[]): Body => traceBody(name, f, carried, mapped, carryAvals, sliceAvals);

    let body = run(avalsOf(carried));
    // A weakly typed carry takes the dtype that the body gives it; each retrace can only strengthen types.
    for (let promoted = promoteCarry(carried, body); promoted !== null; promoted = promoteCarry(carried, body)) {
      body.staged.trace.end();
      body = run(promoted);
    }
    return runScan(name, body, carried, mapped, length, choices.reverse) as [Traced<C>, Traced<Y>];
  });
}

interface Body {
  readonly staged: Staged<unknown>;
  readonly carryAvals: readonly Aval[];
  readonly carryLeaves: readonly unknown[];
  readonly carryValues: readonly (Tensor | Literal)[];
  readonly carryTree: TreeDef;
  readonly yLeaves: readonly unknown[];
  readonly yValues: readonly (Tensor | Literal | null)[];
  readonly yTree: TreeDef;
}

function traceBody(
  name: string,
  f: (carry: never, x: never) => readonly [unknown, unknown],
  carried: Operands,
  mapped: Operands,
  carryAvals: readonly Aval[],
  sliceAvals: readonly Aval[],
): Body {
  const staged = stage(name, [...carryAvals, ...sliceAvals], (tracers, trace): unknown => {
    const carry = rebuildOperands(carried, tracers.slice(0, carryAvals.length), trace);
    const x = rebuildOperands(mapped, tracers.slice(carryAvals.length), trace);
    return f(carry as never, x as never);
  });
  return orDrop(staged.trace, () => readBody(name, staged, carried, mapped, carryAvals));
}

/** What the traced body returned. @throws CARRY for another structure than it was given. */
function readBody(name: string, staged: Staged<unknown>, carried: Operands, mapped: Operands, carryAvals: readonly Aval[]): Body {
  const { trace, result } = staged;
  if (!Array.isArray(result) || result.length !== 2) {
    throw userError('CARRY', `${name}: the body must return [carry, y]`, { fix: 'return [carry, null]' });
  }
  const carry = flatten(result[0], { root: 'carry' });
  const y = flatten(result[1], { root: 'y' });
  const sameTree = treedefKey(carry.treedef) === treedefKey(carried.snapshot.treedef);
  const changed = sameTree ? kindDifferences(carried, carry) : describeDifferences(carried, carry);
  if (changed.length > 0) throw carryError(name, changed);
  for (const { snapshot } of [carried, mapped]) checkStructure(snapshot, name);
  const inTrace = <T>(g: () => T): T => withTrace(trace, g);
  return {
    staged,
    carryAvals,
    carryLeaves: carry.leaves.filter((_, i) => !carried.statics.has(i)),
    carryValues: inTrace(() => carry.leaves.map((leaf) => outputValue(leaf, trace)).filter((value) => value !== null)),
    carryTree: carry.treedef,
    yLeaves: y.leaves,
    yValues: inTrace(() => y.leaves.map((leaf) => outputValue(leaf, trace))),
    yTree: y.treedef,
  };
}

/** Stronger types for weak carries whose body gave another dtype, or null when the carry is stable. @throws CARRY when it cannot be. */
function promoteCarry(carried: Operands, body: Body): Aval[] | null {
  let changed = false;
  const differences: string[] = [];
  const fixes: string[] = [];
  const differ = (path: string, aval: Aval, out: Aval): void => {
    differences.push(`${path}: ${showAval(aval)} -> ${showAval(out)}`);
    const init = path.replace('carry', 'init');
    fixes.push(sameShape(aval.shape, out.shape) ? `${init}.astype('${out.dtype}')` : `${init} = ${zerosOf(out)}`);
  };
  const promoted = body.carryAvals.map((aval, i): Aval => {
    const out = body.carryValues[i]!.aval;
    if (!sameShape(aval.shape, out.shape)) differ(carried.leaves[i]!.path, aval, out);
    else if (aval.dtype !== out.dtype || (aval.weak && !out.weak)) {
      if (!aval.weak) {
        if (!out.weak || promote(aval, out).dtype !== aval.dtype) differ(carried.leaves[i]!.path, aval, out);
        return aval;
      }
      changed = true;
      return { ...promote(aval, out), shape: aval.shape };
    }
    return aval;
  });
  if (differences.length > 0) throw carryError(body.staged.trace.name, differences, fixes[0]);
  return changed ? promoted : null;
}

function runScan(
  name: string,
  body: Body,
  carried: Operands,
  mapped: Operands,
  length: number,
  reverse: boolean,
): [unknown, unknown] {
  const { trace } = body.staged;
  const outer = currentTrace();
  const carryOuts = withTrace(trace, () =>
    body.carryValues.map((value, i) => cast(value, body.carryAvals[i]!.dtype, body.carryAvals[i]!.weak)),
  );
  const mappedVariables = new Set(mapped.leaves.map(({ variable }) => variable));
  const carryVariables = new Set(carried.leaves.map(({ variable }) => variable));
  const isMapped = (leaf: unknown): boolean => leaf instanceof Variable && mappedVariables.has(leaf);
  const yPositions = body.yValues.flatMap((value, i) => (value === null || isMapped(body.yLeaves[i]) ? [] : [i]));
  const finished = finish(body.staged, [...carryOuts, ...yPositions.map((i) => body.yValues[i]!)]);
  const stackedWrites = finished.writes.filter(({ variable }) => mappedVariables.has(variable));
  const carriedWrites = finished.writes.filter(({ variable }) => !mappedVariables.has(variable) && !carryVariables.has(variable));
  checkWrites(trace, carriedWrites, finished.writes, body, carried);

  const entries = carriedWrites.map(({ variable }) => trace.entryOf(variable));
  const consts = trace.captures.filter((capture) => !entries.includes(capture));
  const carryCount = body.carryAvals.length;
  const jaxpr = new Jaxpr(
    [],
    [
      ...consts.map(({ input }) => input),
      ...finished.inputs.slice(0, carryCount),
      ...entries.map(({ input }) => input),
      ...finished.inputs.slice(carryCount),
    ],
    trace.builder.equations,
    [
      ...finished.outputs.slice(0, carryCount),
      ...carriedWrites.map(({ value }) => value),
      ...finished.outputs.slice(carryCount),
      ...stackedWrites.map(({ value }) => value),
    ],
  );
  const initial = carried.leaves.map(({ value }, i) => cast(value, body.carryAvals[i]!.dtype, body.carryAvals[i]!.weak));
  const operands = [
    ...consts.map((capture) => capture.outer),
    ...initial,
    ...entries.map((capture) => capture.outer),
    ...mapped.leaves.map(({ value }) => value),
  ];
  const results = bind(findPrimitive('scan')!, operands, {
    jaxpr,
    length,
    reverse,
    numConsts: consts.length,
    numCarry: carryCount + entries.length,
  });
  const take = results.values();
  const next = (): Tensor => take.next().value!;
  const finalCarry = body.carryAvals.map(next);
  carriedWrites.forEach(({ variable }) => writeIn(outer, variable, next()));
  const ys = yPositions.map(next);
  stackedWrites.forEach(({ variable }) => writeIn(outer, variable, next()));
  const written = new Set(finished.writes.map(({ variable }) => variable));
  return [rebuildCarry(body, carried, finalCarry, written), rebuildYs(body, yPositions, ys)];
}

/** The final carry: a Variable that the body kept comes back itself with its last value, one it replaced as a fresh Variable. */
function rebuildCarry(body: Body, carried: Operands, results: readonly Tensor[], written: ReadonlySet<Variable>): unknown {
  const outer = currentTrace();
  let next = 0;
  const total = body.carryLeaves.length + carried.statics.size;
  const leaves = Array.from({ length: total }, (_, place): unknown => {
    if (carried.statics.has(place)) return carried.statics.get(place);
    const i = next++;
    const leaf = body.carryLeaves[i];
    if (!(leaf instanceof Variable)) return results[i];
    if (leaf !== carried.leaves[i]!.variable) return adoptVariable(kindOf(leaf), results[i]!);
    if (written.has(leaf)) writeIn(outer, leaf, results[i]!);
    return leaf;
  });
  return unflatten(body.carryTree, leaves);
}

/** The stacked ys: a Variable of xs comes back itself, any other as a fresh one that holds its values after each step. */
function rebuildYs(body: Body, positions: readonly number[], results: readonly Tensor[]): unknown {
  const stacked = new Map(positions.map((place, i) => [place, results[i]!]));
  const fresh = freshVariables();
  const leaves = body.yLeaves.map((leaf, place): unknown => {
    const result = stacked.get(place);
    if (result === undefined) return leaf;
    return leaf instanceof Variable ? fresh([leaf], result) : result;
  });
  return unflatten(body.yTree, leaves);
}

function scanLength(name: string, mapped: Operands, wanted: number | undefined): number {
  const sizes = mapped.leaves.map(({ value, path }) => {
    if (value.ndim > 0) return value.shape[0]!;
    throw userError('SHAPE', `${name}: ${path} is the scalar ${value.describe()}; xs are sliced along their leading axis`, {
      fix: 'put it into the carry, or capture it',
    });
  });
  const length = wanted ?? sizes[0];
  if (length === undefined || !Number.isInteger(length) || length < 0) {
    throw userError(
      'VALUE',
      `${name}: the number of steps is ${length === undefined ? 'not known: xs has no tensors' : length}`,
      {
        fix: 'lax.scan(f, init, null, { length: 10 })',
      },
    );
  }
  if (sizes.some((size) => size !== length)) {
    const list = mapped.leaves.map(({ value, path }) => `\n  ${path}: ${value.describe()}`);
    throw userError('SHAPE', `${name}: the leading axes of xs must all be ${length}:${list.join('')}`, {
      fix: 'lax.scan(f, init, xs) with xs of one leading size',
    });
  }
  return length;
}

function checkRoles(name: string, carried: Operands, mapped: Operands): void {
  const roles = new Map<Variable, string>();
  for (const { variable, path } of [...carried.leaves, ...mapped.leaves]) {
    if (variable === null) continue;
    const other = roles.get(variable);
    if (other !== undefined) {
      throw userError('ALIASING', `${name}: one ${typeName(variable.constructor)} is reached at ${other} and at ${path}`, {
        fix: 'pass it once, or nnx.clone(model) for one place',
      });
    }
    roles.set(variable, path);
  }
}

function checkWrites(
  trace: Trace,
  carriedWrites: readonly { readonly variable: Variable; readonly value: { readonly aval: Aval } }[],
  writes: readonly { readonly variable: Variable }[],
  body: Body,
  carried: Operands,
): void {
  const changed = carriedWrites.filter(({ variable, value }) => {
    const before = trace.entryOf(variable).input.aval;
    return before.dtype !== value.aval.dtype || !sameShape(before.shape, value.aval.shape);
  });
  const [first] = changed;
  if (first !== undefined) {
    const differences = changed.map(({ variable, value }) => {
      const before = showAval(trace.entryOf(variable).input.aval);
      return `the ${typeName(variable.constructor)} written by the body: ${before} -> ${showAval(value.aval)}`;
    });
    throw carryError(trace.name, differences, `new ${typeName(first.variable.constructor)}(${zerosOf(first.value.aval)})`);
  }
  carried.leaves.forEach(({ variable, path }, i) => {
    const replaced = variable !== null && body.carryLeaves[i] !== variable;
    if (replaced && writes.some((write) => write.variable === variable)) {
      throw userError('STATE_WRITE', `${trace.name}: ${path} was written, and the body returned another Variable in its place`, {
        fix: 'return the Variable that was given, or do not write it',
      });
    }
  });
}

function zerosOf({ shape, dtype }: Aval): string {
  return `np.zeros(${showShape(shape)}, { dtype: '${dtype}' })`;
}

function carryError(name: string, differences: readonly string[], fix = 'return [{ ...carry, x }, y]'): HeddleError {
  const list = differences.map((difference) => `\n  ${difference}`).join('');
  return userError('CARRY', `${name}: the carry that the body returns must have the type of the carry that it takes:${list}`, {
    fix,
  });
}
