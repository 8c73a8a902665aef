/** The schedule of Contract kernels for hardware: workgroups copy tiles of the operands to their own memory. */
import type { ContractKernel } from '../fuse/kernel.ts';
import type { DeviceProfile } from '../program.ts';
import type { Expr } from '../scalar/expression.ts';
import { loadsOf, strideOf } from './access.ts';
import type { Block } from './block.ts';
import type { Env } from './expressions.ts';
import { countPoints, numberWorkgroups, unflatten } from './launch.ts';
import { literal, wgslType } from './literals.ts';
import { ModuleWriter, type GeneratedKernel } from './module.ts';
import { Outputs, countRectangles, placeRectangle, type Side } from './outputs.ts';
import { sumText } from './precedence.ts';
import type { TileSchedule } from './schedule.ts';

export function generateTiles(kernel: ContractKernel, profile: DeviceProfile, schedule: TileSchedule): GeneratedKernel {
  const writer = new ModuleWriter(kernel, profile);
  const { root } = writer;
  writer.count([kernel.lhs, kernel.rhs], kernel.stores);
  const { tile, depth, own } = schedule;
  const across = tile.n / own.n;
  const threads = (tile.m / own.m) * across;
  const { number, launch } = numberWorkgroups(writer, countRectangles(kernel, tile), threads);
  const { env, m, n } = placeRectangle(writer, kernel, tile, number);
  const lane = writer.parameter('lane');
  const down = root.define(`${lane} / ${across}u * ${own.m}u`, 'down');
  const right = root.define(`${lane} % ${across}u * ${own.n}u`, 'right');
  const type = wgslType(kernel.accumulator);
  const lhs = writer.workgroupArray(type, tile.m * depth);
  const rhs = writer.workgroupArray(type, tile.n * depth);
  const outputs = new Outputs(writer, kernel, within(root, m, down, own.m), within(root, n, right, own.n));

  root.loop('turn', Math.ceil(countPoints(kernel.k) / depth), (block, turn) => {
    const first = block.define(turn === '0u' ? turn : `${turn} * ${depth}u`, 'first_k');
    copyTile(writer, kernel, block, env, { operand: kernel.lhs, array: lhs, side: m, first, depth, threads });
    copyTile(writer, kernel, block, env, { operand: kernel.rhs, array: rhs, side: n, first, depth, threads });
    block.line('workgroupBarrier();');
    block.loop('layer', depth, (inner, layer) => {
      const column = inner.define(`${layer} * ${tile.m}u + ${down}`, 'column');
      const row = inner.define(`${layer} * ${tile.n}u + ${right}`, 'row');
      const element = (array: string, start: string, offset: number): string => `${array}[${sumText(start, `${offset}u`)}]`;
      outputs.multiplyAdd(
        inner,
        Array.from({ length: own.m }, (_, i) => inner.let(element(lhs, column, i), 'v')),
        Array.from({ length: own.n }, (_, j) => element(rhs, row, j)),
      );
    });
    block.line('workgroupBarrier();');
  });
  outputs.store(kernel, env);
  return writer.finish(launch);
}

interface Copy {
  readonly operand: Expr;
  readonly array: string;
  readonly side: Side;
  /** The first k of the tile. */
  readonly first: string;
  readonly depth: number;
  readonly threads: number;
}

/** Copies a tile, layer by layer of k. Positions beyond the extents repeat the last one; beyond the end of k are zeros. */
function copyTile(writer: ModuleWriter, kernel: ContractKernel, block: Block, env: Env, copy: Copy): void {
  const { operand, array, side, first, depth, threads } = copy;
  const lane = writer.parameter('lane');
  const length = countPoints(kernel.k);
  // Neighbouring invocations load neighbouring elements.
  const alongK = isContiguous(operand, kernel);
  block.loop('part', (side.count * depth) / threads, (inner, part) => {
    const element = inner.define(sumText(part === '0u' ? part : `${part} * ${threads}u`, lane), 'element');
    const inRow = alongK ? depth : side.count;
    const quotient = inner.define(`${element} / ${inRow}u`, alongK ? 'position' : 'layer');
    const rest = inner.define(`${element} % ${inRow}u`, alongK ? 'layer' : 'position');
    const [position, layer] = alongK ? [quotient, rest] : [rest, quotient];
    const extent = countPoints(side.variables);
    const sum = sumText(side.first, position);
    const at = inner.define(side.ragged ? `min(${sum}, ${extent - 1}u)` : sum, 'at');
    const k = inner.define(sumText(first, layer), 'k');
    const inside = length % depth === 0 ? k : inner.define(`min(${k}, ${length - 1}u)`, 'k');
    const point = unflatten(unflatten(env, inner, at, side.variables), inner, inside, kernel.k);
    const value = writer.emitter.text(operand, point, inner);
    const kept = length % depth === 0 ? value : `select(${literal(kernel.accumulator, 0)}, ${value}, ${k} < ${length}u)`;
    inner.line(`${array}[${layer} * ${side.count}u + ${position}] = ${kept};`);
  });
}

function isContiguous(operand: Expr, { k }: ContractKernel): boolean {
  const innermost = k.findLast(({ size }) => size > 1)?.name;
  return innermost !== undefined && loadsOf([operand]).some(({ index }) => strideOf(index, innermost) === 1);
}

/** The part of a side that one invocation computes. */
function within(root: Block, side: Side, offset: string, count: number): Side {
  return { ...side, first: root.define(sumText(side.first, offset), 'first'), count };
}
