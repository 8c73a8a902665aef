/**
 * Which loops one kernel can run, each of its threads all steps for one element of the carries. In the body everything must be
 * elementwise, and an element of a carry may only be read for the same element; what no step changes may be read anywhere.
 * A carry or a result of one element beside larger ones is computed by every thread.
 */
import { Literal } from '../ir/jaxpr.ts';
import type { Atom, Var } from '../ir/jaxpr.ts';
import { loadExpr } from '../scalar/expression.ts';
import { constant, flatten, unflatten } from '../scalar/indices.ts';
import type { Index } from '../scalar/indices.ts';
import { showShape, sizeOf } from '../shape.ts';
import type { Shape } from '../shape.ts';
import type { Definition, Loop } from './block.ts';
import { MAX_NODES } from './costs.ts';
import { pointOf } from './space.ts';
import { createReader, definitionOf } from './values.ts';
import { survey } from './walk.ts';

/** The shape whose elements have a thread each: that of the largest carry, or of the largest value that a step stacks. */
export function lanesOf(loop: Loop): Shape {
  const larger = (a: Shape, b: Shape): Shape => (sizeOf(b) > sizeOf(a) ? b : a);
  return valuesOf(loop).map(({ aval }) => aval.shape).reduce(larger, []);
}

/** Whether every thread computes an array of `shape` as a whole, besides its element of larger ones. */
export function isShared(shape: Shape, loop: Loop): boolean {
  return sizeOf(shape) === 1 && sizeOf(lanesOf(loop)) > 1;
}

/** Whether the steps, too, can have a thread each. */
export function isParallel(loop: Loop): boolean {
  return loop.carries.length === 0 && !loop.stacks.some(({ value }) => isShared(value.aval.shape, loop));
}

/** The indices of the element that the thread of a flat `position` among the lanes has of an array of `shape`. */
export function ownIndices(shape: Shape, position: Index): Index[] {
  return sizeOf(shape) === 1 ? shape.map(() => constant(0)) : unflatten(position, shape);
}

/** Why the threads of one kernel cannot run the loop; undefined if they can. */
export function obstacleOf(loop: Loop, definitions: ReadonlyMap<Var, Definition>): string | undefined {
  const lanes = lanesOf(loop);
  const other = valuesOf(loop).find(({ aval: { shape } }) => sizeOf(shape) !== 1 && sizeOf(shape) !== sizeOf(lanes));
  if (other !== undefined) return `a step computes both ${showShape(lanes)} and ${showShape(other.aval.shape)}`;

  const obstacles: string[] = [];
  const position = flatten(pointOf(lanes), lanes);
  const buffers = new Map<Var, number>();
  const read = createReader(definitions, (variable, indices) => {
    const { dtype, shape } = variable.aval;
    const carry = loop.carries.findIndex(({ input }) => input === variable);
    const definition = definitionOf(definitions, variable);
    if (carry >= 0) {
      const own = flatten(ownIndices(shape, position), shape);
      if (flatten(indices, shape).key !== own.key) obstacles.push(`an element of carry ${carry} is read for another element`);
    } else if (isInBody(definition, loop)) {
      if (definition.kind === 'operation' && definition.equation.primitive.lowering.kind === 'element') return undefined;
      obstacles.push(describe(variable, definition, loop, definitions));
    }
    buffers.set(variable, buffers.get(variable) ?? buffers.size);
    return loadExpr(dtype, buffers.get(variable)!, flatten(indices, shape));
  }, () => undefined);
  const values = valuesOf(loop).map((atom) => read(atom, ownIndices(atom.aval.shape, position)));
  const { nodes } = survey(values, []);
  if (nodes > MAX_NODES) obstacles.push(`a step of ${nodes} operations is too much for one kernel`);
  return obstacles[0];
}

/** What a step computes for others. */
function valuesOf({ carries, stacks, holds }: Loop): Atom[] {
  return [...carries.map(({ next }) => next), ...stacks.map(({ value }) => value), ...(holds === undefined ? [] : [holds])];
}

function isInBody(definition: Definition, { body }: Loop): boolean {
  return (definition.kind === 'operation' || definition.kind === 'result') && definition.block === body;
}

/** What the variable of the body comes from, which is nothing elementwise. */
function describe(variable: Var, definition: Definition, loop: Loop, definitions: ReadonlyMap<Var, Definition>): string {
  if (definition.kind !== 'operation') return `a step holds a ${holderOf(variable, loop)}`;
  const { name } = definition.equation.primitive;
  const carry = carryBehind(definition.equation.inputs, loop, definitions);
  return carry === undefined ? `a step computes ${name}` : `carry ${carry} goes through ${name}`;
}

/** The primitive of the loop or the branches that the variable is a result of. */
function holderOf(variable: Var, { body }: Loop): string {
  const holder = body.nodes.find((node) => node.kind === 'branches' && node.results.includes(variable));
  if (holder !== undefined) return 'cond';
  const loops = body.nodes.filter((node) => node.kind === 'loop');
  const own = loops.find(({ carries }) => carries.some(({ result, other }) => result === variable || other === variable));
  return own === undefined ? 'scan' : primitiveOf(own);
}

/** The primitive that a loop comes from. */
export function primitiveOf({ holds, until }: Loop): 'scan' | 'while' {
  return (holds ?? until) === undefined ? 'scan' : 'while';
}

/** The number of the first carry that the atoms depend on by operations of the body. */
function carryBehind(atoms: readonly Atom[], loop: Loop, definitions: ReadonlyMap<Var, Definition>): number | undefined {
  const seen = new Set<Atom>();
  const open = [...atoms];
  const found: number[] = [];
  for (let atom = open.pop(); atom !== undefined; atom = open.pop()) {
    if (atom instanceof Literal || seen.has(atom)) continue;
    seen.add(atom);
    const carry = loop.carries.findIndex(({ input }) => input === atom);
    const definition = definitionOf(definitions, atom);
    if (carry >= 0) found.push(carry);
    else if (definition.kind === 'operation' && isInBody(definition, loop)) open.push(...definition.equation.inputs);
  }
  return found.length === 0 ? undefined : Math.min(...found);
}
