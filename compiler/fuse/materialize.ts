/**
 * Decides which values are stored. The program is walked from its end: when a variable is reached, all its readers are known,
 * each with the indices at which it reads, so that the cost of computing the variable in place can be counted.
 *
 * Stored are outputs, reductions, contractions, carries and stacked results of loops, results of branches, what several read of
 * a contraction's result (in place of that result), and what is cheaper to store than to compute once per reader (costs.ts).
 */
import { Literal, Var } from '../ir/jaxpr.ts';
import type { Atom } from '../ir/jaxpr.ts';
import type { DimensionNumbers } from '../primitives/operations.ts';
import type { DeviceProfile } from '../program.ts';
import type { Expr } from '../scalar/expression.ts';
import { constantExpr, loadExpr } from '../scalar/expression.ts';
import type { Index } from '../scalar/indices.ts';
import { flatten, unflatten } from '../scalar/indices.ts';
import { sizeOf } from '../shape.ts';
import type { Block, BlockProgram, Branches, Definition, Loop } from './block.ts';
import { MAX_COPIED, MAX_COPIES, MAX_NODES, repeatsOf, worthStoring } from './costs.ts';
import { Buffers } from './buffers.ts';
import { epiloguesOf } from './epilogues.ts';
import { lanesOf, ownIndices } from './in-thread.ts';
import type { Lowerings } from './lowerings.ts';
import { measure } from './measure.ts';
import type { Measure } from './measure.ts';
import { isLoop, targetsOf } from './plan.ts';
import type { Item, Plan, Root, Target, ThreadedLoop } from './plan.ts';
import { enter, extentsOf, pointOf, sizesOf } from './space.ts';
import type { Frame } from './space.ts';
import { definitionOf, expand, isFree, keyOfIndices } from './values.ts';
import { survey } from './walk.ts';

type OperationDefinition = Extract<Definition, { kind: 'operation' }>;

interface Request {
  readonly root: Root;
  readonly indices: readonly Index[];
}

export function materialize(
  program: BlockProgram,
  profile: DeviceProfile,
  forced: ReadonlySet<Var>,
  lowerings: Lowerings = new Map(),
): Plan {
  return new Materialization(program, profile, forced, lowerings).plan();
}

class Materialization {
  readonly #program: BlockProgram;
  readonly #profile: DeviceProfile;
  readonly #forced: ReadonlySet<Var>;
  readonly #lowerings: Lowerings;
  readonly #costs: Measure;
  readonly #epilogues: ReadonlySet<Var>;
  readonly #buffers = new Buffers();
  readonly #items = new Map<Block, Item[]>();
  readonly #requests = new Map<Var, Map<string, Request>>();
  readonly #read = new Set<Var>();
  readonly #loops = new Map<Loop, number>();
  /** The bodies of loops that one kernel runs, and their carries. */
  readonly #threaded = new Set<Block>();
  readonly #registers = new Set<Var>();
  readonly #numbers = new Map<Var, number>();
  #roots = 0;

  constructor(program: BlockProgram, profile: DeviceProfile, forced: ReadonlySet<Var>, lowerings: Lowerings) {
    this.#program = program;
    this.#profile = profile;
    this.#forced = forced;
    this.#lowerings = lowerings;
    this.#costs = measure(program);
    this.#epilogues = epiloguesOf(program);
  }

  plan(): Plan {
    const { inputs, outputs, block, definitions } = this.#program;
    const buffers = this.#buffers;
    const inputBuffers = inputs.map((variable) => buffers.input(variable));
    // An output that is an input is that buffer, and an output given twice is one buffer.
    const outputBuffers = new Map<Atom, number>(inputs.map((variable, i) => [variable, inputBuffers[i]!]));
    for (const atom of outputs) {
      if (outputBuffers.has(atom)) continue;
      const buffer = buffers.output(atom.aval);
      outputBuffers.set(atom, buffer);
      this.#want(atom, { buffer, prefix: [] }, block);
    }
    this.#pull(block);
    return {
      definitions,
      buffers: buffers.finish(),
      inputs: inputBuffers,
      outputs: outputs.map((atom) => outputBuffers.get(atom)!),
      items: this.#items,
      homes: buffers.homes,
      wholes: buffers.wholes,
      loops: this.#loops,
    };
  }

  #pull(block: Block): void {
    for (let i = block.nodes.length - 1; i >= 0; i--) {
      const node = block.nodes[i]!;
      if (node.kind !== 'operation' && !resultsOf(node).some((result) => this.#isUsed(result))) continue;
      if (node.kind === 'loop' && this.#isThreaded(node)) this.#pullThreaded(node, block);
      else if (node.kind === 'loop') this.#pullLoop(node, block);
      else if (node.kind === 'branches') this.#pullBranches(node, block);
      else node.equation.outputs.forEach((variable) => this.#decide(variable));
    }
    this.#itemsOf(block).reverse();
  }

  #pullLoop(loop: Loop, block: Block): void {
    const number = this.#loops.size;
    this.#loops.set(loop, number);
    for (const carry of loop.carries) {
      const { next, copies } = this.#buffers.placeCarry(carry, number, loop.counter.size);
      copies.forEach((target) => this.#copy(carry.result, target, block));
      this.#want(carry.next, next, loop.body);
    }
    for (const stack of loop.stacks) {
      if (!this.#isUsed(stack.result)) continue;
      for (const { buffer, prefix } of targetsOf(this.#buffers.place(stack.result))) {
        this.#want(stack.value, { buffer, prefix: [...prefix, loop.position] }, loop.body);
      }
    }
    this.#itemsOf(block).push(loop);
    this.#pull(loop.body);
    for (const slice of loop.slices) this.#passOn(slice, definitionOf(this.#program.definitions, slice));
    for (const { initial } of loop.carries) this.#wantWhole(initial, block);
  }

  /** One root computes the whole loop: what its body does not store, which is everything, it reads itself. */
  #pullThreaded(loop: Loop, block: Block): void {
    const targets = ({ result }: { readonly result: Var }): Target[] => {
      return this.#isUsed(result) ? targetsOf(this.#buffers.place(result)) : [];
    };
    const ofStep = ({ buffer, prefix }: Target): Target => ({ buffer, prefix: [...prefix, loop.position] });
    const scan = { loop, finals: loop.carries.map(targets), stacks: loop.stacks.map((stack) => targets(stack).map(ofStep)) };
    const required = [...scan.finals, ...scan.stacks].flat();
    if (required.length === 0) return;
    const shape = lanesOf(loop);
    const { result } = [...loop.carries, ...loop.stacks][0]!;
    const root = this.#root(result, block, { kind: 'map', shape }, required, undefined, scan);
    this.#threaded.add(loop.body);
    loop.carries.forEach(({ input }) => this.#registers.add(input));
    const position = flatten(pointOf(shape), shape);
    const read = (atom: Atom): Expr => this.#request(root, atom, ownIndices(atom.aval.shape, position));
    loop.carries.forEach(({ initial, next }) => [initial, next].forEach(read));
    if (loop.holds !== undefined) read(loop.holds);
    loop.stacks.forEach(({ value }) => read(value));
    this.#pull(loop.body);
    for (const slice of loop.slices) this.#passOn(slice, definitionOf(this.#program.definitions, slice));
  }

  #isThreaded(loop: Loop): boolean {
    const chosen = this.#lowerings.get(loop)?.chosen ?? 'encoded';
    return chosen !== 'encoded';
  }

  #pullBranches(branches: Branches, block: Block): void {
    const used = branches.results.map((result) => this.#isUsed(result));
    const targets = branches.results.map((result, k) => (used[k] ? targetsOf(this.#buffers.place(result)) : []));
    this.#itemsOf(block).push(branches);
    for (const { outputs, block: inner } of branches.cases) {
      outputs.forEach((atom, k) => targets[k]!.forEach((target) => this.#want(atom, target, inner)));
      this.#pull(inner);
    }
    this.#wantWhole(branches.index, block);
  }

  /** Stores the variable, or passes its readers on to what it is computed from. */
  #decide(variable: Var): void {
    const definition = definitionOf(this.#program.definitions, variable);
    if (definition.kind !== 'operation') return;
    if (this.#threaded.has(definition.block)) return this.#passOn(variable, definition);
    const needed = this.#buffers.isNeeded(variable);
    if (!needed && !this.#requests.has(variable)) return;
    if (this.#isStored(variable, definition, needed)) return this.#store(variable, definition);
    if (needed) this.#buffers.placeCopies(variable).forEach((target) => this.#copy(variable, target, definition.block));
    this.#passOn(variable, definition);
  }

  #isStored(variable: Var, definition: OperationDefinition, needed: boolean): boolean {
    if (definition.equation.primitive.lowering.kind !== 'element' || this.#forced.has(variable)) return true;
    const requests = [...(this.#requests.get(variable)?.values() ?? [])];
    if (requests.some(({ root }) => root.inlined.size > MAX_NODES)) return true;
    if (isFree(definition)) return false;
    if (needed || this.#isCopied(variable, requests)) return true;
    const share = this.#shareOf(requests);
    const evaluations = requests.reduce((sum, request) => {
      const { frame } = request.root;
      return sum + pointsOf(frame) * repeatsOf(depthOf(request.root)) * (this.#slicing(request).length > 0 ? 1 : share);
    }, 0);
    const elements = sizeOf(variable.aval.shape) * share;
    const repeats = repeatsOf(definition.block.depth);
    if (evaluations > elements * repeats && this.#epilogues.has(variable)) return true;
    return worthStoring({ elements, repeats, evaluations, ...this.#costs(variable) }, this.#profile);
  }

  /** Whether some kernel would compute much in several places. */
  #isCopied(variable: Var, requests: readonly Request[]): boolean {
    const places = new Map<Root, number>();
    for (const { root } of requests) places.set(root, (places.get(root) ?? 0) + 1);
    const copies = Math.max(0, ...places.values());
    const { flops, loads } = this.#costs(variable);
    return copies > MAX_COPIES && copies * (flops + loads) > MAX_COPIED;
  }

  /** The loops that read slice by slice what is requested. */
  #slicing({ indices }: Request): Loop[] {
    if (this.#loops.size === 0) return [];
    const { variables } = survey([], indices);
    return [...this.#loops.keys()].filter(({ counter }) => variables.has(counter.name));
  }

  /** Of what loops read slice by slice, as many slices count as steps do, so that the number of steps decides nothing. */
  #shareOf(requests: readonly Request[]): number {
    const loops = new Set(requests.flatMap((request) => this.#slicing(request)));
    return [...loops].reduce((share, { counter }) => (share * repeatsOf(1)) / counter.size, 1);
  }

  #store(variable: Var, definition: OperationDefinition): void {
    const { required, home } = this.#buffers.place(variable);
    const root = this.#root(variable, definition.block, frameOf(definition), required, home);
    for (const { root: reader, indices } of this.#requests.get(variable)?.values() ?? []) noteRead(reader, variable, indices);
    const { equation } = definition;
    const read = (atom: Atom, indices: readonly Index[]): Expr => this.#request(root, atom, indices);
    if (root.frame.kind === 'map') return void expand(definition, pointOf(variable.aval.shape), read);
    const space = enter(root.frame);
    if (root.frame.kind === 'row') read(equation.inputs[0]!, unflatten(space.elements, root.frame.shape));
    else equation.inputs.forEach((atom, i) => read(atom, i === 0 ? space.lhs : space.rhs));
  }

  /** Stores what is read of the atom. */
  #copy(atom: Atom, target: Target, block: Block): void {
    const { shape } = atom.aval;
    const root = this.#root(atom, block, { kind: 'map', shape }, [target], undefined);
    this.#request(root, atom, pointOf(shape));
  }

  /** Computes the variable in place for all who read it. */
  #passOn(variable: Var, definition: Definition): void {
    for (const { root, indices } of this.#requests.get(variable)?.values() ?? []) {
      const reads = root.inlined.get(variable) ?? new Set<Atom>();
      root.inlined.set(variable, reads);
      expand(definition, indices, (atom, at) => {
        reads.add(atom);
        return this.#request(root, atom, at);
      });
    }
  }

  /** Notes that the root reads the atom there; gives an expression that stands for it. */
  #request(root: Root, atom: Atom, indices: readonly Index[]): Expr {
    if (atom instanceof Literal) return constantExpr(atom.aval.dtype, atom.value);
    const { kind } = definitionOf(this.#program.definitions, atom);
    if (kind === 'operation' || kind === 'slice') {
      const requests = this.#requests.get(atom) ?? new Map<string, Request>();
      this.#requests.set(atom, requests);
      requests.set(`${root.order}:${keyOfIndices(indices)}`, { root, indices });
    } else if (!this.#registers.has(atom)) {
      noteRead(root, atom, indices);
      this.#read.add(atom);
    }
    return loadExpr(atom.aval.dtype, this.#numberOf(atom), flatten(indices, atom.aval.shape));
  }

  #want(atom: Atom, target: Target, block: Block): void {
    if (atom instanceof Var && this.#isDefinedIn(atom, block)) this.#buffers.want(atom, target);
    else this.#copy(atom, target, block);
  }

  /** The atom must be the whole of a buffer, for what is not a kernel reads it. */
  #wantWhole(atom: Atom, block: Block): void {
    if (this.#buffers.wholes.has(atom)) return;
    if (atom instanceof Var && this.#isDefined(atom)) return this.#buffers.wantWhole(atom);
    const buffer = this.#buffers.temporary(atom.aval);
    this.#buffers.wholes.set(atom, buffer);
    this.#copy(atom, { buffer, prefix: [] }, block);
  }

  #isDefined(variable: Var): boolean {
    const { kind } = definitionOf(this.#program.definitions, variable);
    return kind === 'operation' || kind === 'result';
  }

  #isDefinedIn(variable: Var, block: Block): boolean {
    const definition = definitionOf(this.#program.definitions, variable);
    return (definition.kind === 'operation' || definition.kind === 'result') && definition.block === block;
  }

  #isUsed(variable: Var): boolean {
    return this.#buffers.isNeeded(variable) || this.#read.has(variable);
  }

  #root(
    atom: Atom,
    block: Block,
    frame: Frame,
    required: readonly Target[],
    home: Target | undefined,
    scan?: ThreadedLoop,
  ): Root {
    const guard = atom instanceof Var && this.#program.unguarded.has(atom) ? undefined : block.guard;
    const order = this.#roots++;
    const root: Root = {
      order, atom, own: home !== undefined, frame, block, guard, required, home, reads: new Map(), inlined: new Map(),
      ...(scan === undefined ? {} : { scan }),
    };
    this.#itemsOf(block).push(root);
    return root;
  }

  #itemsOf(block: Block): Item[] {
    const items = this.#items.get(block) ?? [];
    this.#items.set(block, items);
    return items;
  }

  #numberOf(variable: Var): number {
    const number = this.#numbers.get(variable) ?? this.#numbers.size;
    this.#numbers.set(variable, number);
    return number;
  }
}

function frameOf({ equation: { primitive, inputs, params, outputs } }: OperationDefinition): Frame {
  const { lowering } = primitive;
  const { shape } = inputs[0]?.aval ?? outputs[0]!.aval;
  if (lowering.kind === 'reduce') return { kind: 'row', shape, axes: [...lowering.axes(params)].sort((a, b) => a - b) };
  if (lowering.kind !== 'contract') return { kind: 'map', shape: outputs[0]!.aval.shape };
  const numbers = params['dimensionNumbers'] as unknown as DimensionNumbers;
  return { kind: 'contract', lhs: shape, rhs: inputs[1]!.aval.shape, numbers };
}

/** What loops and branches give to the program around them. */
function resultsOf(node: Loop | Branches): readonly Var[] {
  if (node.kind === 'branches') return node.results;
  return [...node.carries.flatMap(({ result, other = result }) => [result, other]), ...node.stacks.map(({ result }) => result)];
}

function noteRead(root: Root, variable: Var, indices: readonly Index[]): void {
  root.reads.set(variable, [...(root.reads.get(variable) ?? []), indices]);
}

/** The loops around what the root evaluates. */
function depthOf(root: Root): number {
  return root.block.depth + (isLoop(root) ? 1 : 0);
}

/** How often a kernel of the frame evaluates what it reads. */
function pointsOf(frame: Frame): number {
  return sizesOf(frame).elements * (frame.kind === 'contract' ? sizeOf(extentsOf(frame).k!) : 1);
}
