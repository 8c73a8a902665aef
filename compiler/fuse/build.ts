/** Builds the kernel of a group of roots, or finds that one kernel cannot compute them together. */
import { isFloat } from '../dtype.ts';
import type { DType } from '../dtype.ts';
import { HeddleError } from '../errors.ts';
import type { Atom, Aval, Equation, Var } from '../ir/jaxpr.ts';
import { findPrimitive } from '../primitives/index.ts';
import type { DeviceProfile } from '../program.ts';
import { constantExpr, loadExpr } from '../scalar/expression.ts';
import type { Expr } from '../scalar/expression.ts';
import { flatten, unflatten } from '../scalar/indices.ts';
import type { Index, IndexVariable } from '../scalar/indices.ts';
import type { Definition } from './block.ts';
import { MAX_NODES, rowsFill } from './costs.ts';
import { buildInThread } from './in-thread-kernel.ts';
import type { ContractKernel, Kernel, MapKernel, RowKernel, Stage, Store } from './kernel.ts';
import { labelOf, sourcesOf } from './label.ts';
import type { Plan, Root, Target } from './plan.ts';
import { isLoop, targetsOf } from './plan.ts';
import { levelOf, positionsOf } from './positions.ts';
import { enter, sizesOf } from './space.ts';
import type { Extents, Frame, Space } from './space.ts';
import { createReader, definitionOf } from './values.ts';
import type { Read } from './values.ts';
import { survey } from './walk.ts';
import type { Survey } from './walk.ts';

export interface BuildContext {
  readonly plan: Plan;
  readonly profile: DeviceProfile;
  /** The roots that load a stored variable. */
  readonly readers: ReadonlyMap<Var, readonly Root[]>;
  /** Loop counters by name. */
  readonly counters: ReadonlyMap<string, IndexVariable>;
  /** The kernels built so far, by their roots. */
  readonly built: WeakMap<readonly Root[], Built>;
}

export interface Built {
  readonly kernel: Kernel;
  readonly survey: Survey;
}

type Base = 'label' | 'loops' | 'guard' | 'sources';
type KernelBody = Omit<MapKernel, Base> | Omit<RowKernel, Base> | Omit<ContractKernel, Base>;

/** The frame of a group: that of its contraction, else of its first reduction, else of its map of highest rank. */
export function leadFrame(roots: readonly Root[]): Frame {
  const frames = roots.map(({ frame }) => frame);
  const rank = (frame: Frame): number => (frame.kind === 'map' ? frame.shape.filter((extent) => extent > 1).length : 0);
  return (
    frames.find(({ kind }) => kind === 'contract') ??
    frames.find(({ kind }) => kind === 'row') ??
    frames.reduce((best, frame) => (rank(frame) > rank(best) ? frame : best))
  );
}

/** The kernel that computes the roots, which are in the order of the program; undefined where there is none. */
export function buildKernel(roots: readonly Root[], context: BuildContext, extents?: Extents): Built | undefined {
  const scan = roots.find(isLoop);
  if (scan !== undefined) return roots.length === 1 ? buildInThread(scan, context, extents) : undefined;
  const space = enter(leadFrame(roots), extents);
  const positions = positionsOf(roots, space);
  return positions && new GroupBuilder(positions, space, context).build();
}

/** The same with the tensors' own axes as index variables, built once. */
export function kernelOf(roots: readonly Root[], context: BuildContext): Built | undefined {
  const built = context.built.get(roots) ?? buildKernel(roots, context);
  if (built !== undefined) context.built.set(roots, built);
  return built;
}

class GroupBuilder {
  readonly #roots: readonly Root[];
  readonly #positions: ReadonlyMap<Root, Index>;
  readonly #space: Space;
  readonly #context: BuildContext;
  readonly #own = new Map<Atom, Root>();
  readonly #stages: readonly Root[];
  readonly #equations = new Set<Equation>();
  readonly #read: Read;
  #possible = true;

  constructor(positions: ReadonlyMap<Root, Index>, space: Space, context: BuildContext) {
    const roots = [...positions.keys()];
    this.#roots = roots;
    this.#positions = positions;
    this.#space = space;
    this.#context = context;
    this.#stages = roots.filter(({ frame }) => frame.kind !== 'map');
    for (const root of roots) if (root.own) this.#own.set(root.atom, root);
    this.#read = createReader(
      context.plan.definitions,
      (variable, indices) => this.#stored(variable, indices),
      (definition) => definition.kind === 'operation' && this.#equations.add(definition.equation),
    );
  }

  build(): Built | undefined {
    const { profile, counters } = this.#context;
    const body = this.#body();
    const { stores, exprs, indices } = contentsOf(body);
    const found = survey(exprs, indices);
    const guard = this.#guard();
    const buffers = new Set([...found.loads, ...stores.map(({ buffer }) => buffer), ...(guard ? [guard.buffer] : [])]);
    const tooLarge = found.nodes > MAX_NODES || buffers.size > profile.maxStorageBuffersPerShaderStage;
    if (!this.#possible || (this.#roots.length > 1 && (tooLarge || !this.#fillsDevice(body)))) return undefined;
    const base = {
      label: labelOf(this.#equations, found.loads.size > 0),
      loops: [...found.variables].flatMap((name) => counters.get(name) ?? []),
      sources: sourcesOf(this.#equations),
      ...(guard === undefined ? {} : { guard }),
    };
    return { kernel: { ...base, ...body }, survey: found };
  }

  #body(): KernelBody {
    const { frame, variables, lhs, rhs } = this.#space;
    switch (frame.kind) {
      case 'map':
        return { kind: 'map', domain: variables.domain, stores: this.#stores(this.#roots) };
      case 'row': {
        const stages = this.#stages.map((root) => this.#stage(root));
        const isRow = (root: Root): boolean => levelOf(root, frame) === 'row';
        return {
          kind: 'row',
          rows: variables.rows,
          columns: variables.columns,
          stages,
          rowStores: this.#stores(this.#roots.filter(isRow)),
          elementStores: this.#stores(this.#roots.filter((root) => !isRow(root))),
        };
      }
      case 'contract': {
        const { equation, output } = this.#operation(this.#stages[0]!);
        const [left, right] = equation.inputs as [Atom, Atom];
        const operands = { lhs: this.#read(left, lhs), rhs: this.#read(right, rhs) };
        this.#equations.add(equation);
        const { batch, m, n, k } = variables;
        const accumulator = accumulatorOf(equation.outputs[output]!.aval);
        return { kind: 'contract', batch, m, n, k, ...operands, accumulator, stores: this.#stores(this.#roots) };
      }
    }
  }

  #stage(root: Root): Stage {
    const { equation } = this.#operation(root);
    const { lowering } = equation.primitive;
    const operand = equation.inputs[0]!;
    if (lowering.kind !== 'reduce') throw new HeddleError('INTERNAL', `${equation.primitive.name} is not a reduction`);
    const value = this.#read(operand, unflatten(this.#space.elements, operand.aval.shape));
    this.#equations.add(equation);
    const stage = { monoid: lowering.monoid, dtype: root.atom.aval.dtype, value };
    const isPosition = lowering.monoid === 'argmax' || lowering.monoid === 'argmin';
    return isPosition ? { ...stage, position: this.#space.column } : stage;
  }

  #stores(roots: readonly Root[]): Store[] {
    const { buffers } = this.#context.plan;
    return roots.flatMap((root) => {
      const { atom } = root;
      const indices = unflatten(this.#positions.get(root)!, atom.aval.shape);
      return this.#targets(root).map(({ buffer, prefix }): Store => {
        const index = flatten([...prefix, ...indices], buffers[buffer]!.shape);
        return { buffer, dtype: atom.aval.dtype, index, value: this.#read(atom, indices) };
      });
    });
  }

  /** A home that only this kernel would load from is not written. */
  #targets(root: Root): readonly Target[] {
    const readers = this.#context.readers.get(root.atom as Var) ?? [];
    return readers.every((reader) => this.#roots.includes(reader)) ? root.required : targetsOf(root);
  }

  /** What the kernel knows of a variable that is not computed where it is read. */
  #stored(variable: Var, indices: readonly Index[]): Expr | undefined {
    const { homes, buffers } = this.#context.plan;
    const { dtype, shape } = variable.aval;
    const root = this.#own.get(variable);
    if (root === undefined) {
      const home = homes.get(variable);
      return home && loadExpr(dtype, home.buffer, flatten([...home.prefix, ...indices], buffers[home.buffer]!.shape));
    }
    if (flatten(indices, shape).key !== this.#positions.get(root)!.key) {
      this.#possible = false;
      return constantExpr(dtype, 0);
    }
    if (root.frame.kind === 'map') return undefined;
    if (root.frame.kind === 'row') return { kind: 'reduced', dtype, stage: this.#stages.indexOf(root) };
    return converted({ kind: 'reduced', dtype: accumulatorOf(variable.aval), stage: 0 }, variable.aval);
  }

  #guard(): Kernel['guard'] {
    const guard = this.#roots[0]!.guard;
    return guard && { buffer: this.#context.plan.wholes.get(guard.index)!, branch: guard.branch };
  }

  #fillsDevice(body: KernelBody): boolean {
    if (body.kind !== 'row' || body.elementStores.length === 0) return true;
    const { elements, rows } = sizesOf(this.#space.frame);
    return rowsFill(rows, elements / rows);
  }

  #operation({ atom }: Root): Extract<Definition, { kind: 'operation' }> {
    const definition = definitionOf(this.#context.plan.definitions, atom as Var);
    if (definition.kind === 'operation') return definition;
    throw new HeddleError('INTERNAL', `a ${definition.kind} has no operation`);
  }
}

function contentsOf(body: KernelBody): { stores: readonly Store[]; exprs: Expr[]; indices: Index[] } {
  const stores = body.kind === 'row' ? [...body.rowStores, ...body.elementStores] : body.stores;
  const stages = body.kind === 'row' ? body.stages : [];
  const operands = body.kind === 'contract' ? [body.lhs, body.rhs] : [];
  return {
    stores,
    exprs: [...operands, ...stages.map(({ value }) => value), ...stores.map(({ value }) => value)],
    indices: [...stores.map(({ index }) => index), ...stages.flatMap(({ position }) => position ?? [])],
  };
}

/** Half floats are summed in single precision. */
function accumulatorOf({ dtype }: Aval): DType {
  return isFloat(dtype) ? 'float32' : dtype;
}

function converted(value: Expr, to: Aval): Expr {
  if (value.dtype === to.dtype) return value;
  const lowering = findPrimitive('convert_element_type')?.lowering;
  if (lowering?.kind !== 'element') throw new HeddleError('INTERNAL', 'there is no conversion of elements');
  const scalar = { dtype: value.dtype, shape: [], weak: false };
  const params = { newDtype: to.dtype, weakType: to.weak };
  return lowering.at([{ aval: scalar, at: () => value }], params, [{ ...to, shape: [] }])[0]!([]);
}
