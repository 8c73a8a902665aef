/**
 * Which schedule a kernel gets, per class of adapter. Times are of SwiftShader on two cores, first run (compiling) + later runs.
 */
import type { ContractKernel, RowKernel } from '../fuse/kernel.ts';
import type { DeviceProfile } from '../program.ts';
import type { IndexVariable } from '../scalar/indices.ts';
import { loadsOf, strideOf } from './access.ts';
import { countPoints } from './launch.ts';
import type { Cut } from './outputs.ts';

export interface MapSchedule {
  readonly workgroup: number;
  /** Whether an invocation computes four neighbouring points, with loads and stores of vectors. */
  readonly vectors: boolean;
}

export interface RowSchedule {
  /** How many invocations share a row: a power of two; 1 needs no barriers. */
  readonly members: number;
  /** How many teams form a workgroup. */
  readonly teams: number;
  /** Whether neighbouring invocations work on neighbouring rows, or on neighbouring columns. */
  readonly adjacentRows: boolean;
  /** How many columns a step of a serial loop takes at most. */
  readonly unroll: number;
}

export interface RegisterSchedule extends Cut {
  readonly kind: 'registers';
  readonly workgroup: number;
}

export interface TileSchedule {
  readonly kind: 'tiles';
  /** What a workgroup computes. */
  readonly tile: Cut;
  /** How many k a tile holds. */
  readonly depth: number;
  /** What an invocation computes. */
  readonly own: Cut;
}

export type ContractSchedule = { readonly kind: 'dot' } | RegisterSchedule | TileSchedule;

/** Kernels of more terms are not repeated in their text for several points. */
const LONGEST_UNROLLED = 32;

/** Vectors halve the time of long arrays (4M elements: 24 ms instead of 50) and cost 2 ms of compiling. */
const SHORTEST_VECTORIZED = 65_536;

export function chooseMapSchedule(points: number, terms: number): MapSchedule {
  return { workgroup: 64, vectors: points >= SHORTEST_VECTORIZED && terms <= LONGEST_UNROLLED };
}

/** Four columns a step save up to half of the time of a serial loop, and cost 1 to 3 ms of compiling. */
const SMALLEST_UNROLLED = 262_144;

export function chooseRowSchedule(kernel: RowKernel, terms: number, profile: DeviceProfile): RowSchedule {
  const rows = countPoints(kernel.rows);
  const columns = countPoints(kernel.columns);
  const adjacentRows = prefersRows(kernel);
  const unroll = terms <= LONGEST_UNROLLED && rows * columns >= SMALLEST_UNROLLED ? 4 : 1;
  if (profile.software) {
    const team = rows <= 4 && columns >= 16_384 ? 16 : 1;
    return { members: team, teams: team === 1 ? 16 : 1, adjacentRows: false, unroll };
  }
  if (columns < 32) return { members: 1, teams: 64, adjacentRows, unroll };
  const teams = adjacentRows ? Math.min(32, ceilPowerOfTwo(rows)) : columns < 256 ? 4 : 1;
  const wanted = adjacentRows ? Math.min(256 / teams, ceilPowerOfTwo(columns / 16)) : columns < 256 ? 32 : columns < 2048 ? 64 : 256;
  const fitting = profile.maxComputeWorkgroupStorageSize / (8 * teams * Math.max(1, kernel.stages.length));
  return { members: Math.min(wanted, floorPowerOfTwo(fitting)), teams, adjacentRows, unroll };
}

export function chooseContractSchedule(kernel: ContractKernel, profile: DeviceProfile): ContractSchedule {
  const [m, n, k] = [kernel.m, kernel.n, kernel.k].map(countPoints) as [number, number, number];
  const outputs = countPoints(kernel.batch) * m * n;
  const products = outputs * k;
  if (products < 32_768) return { kind: 'dot' };
  if (profile.software) {
    const side = products < 1_000_000 || outputs < 512 ? 4 : 8;
    return { kind: 'registers', m: sideOf(m, side), n: sideOf(n, side), workgroup: 16 };
  }
  if (m >= 64 && n >= 64) return { kind: 'tiles', tile: { m: 64, n: 64 }, depth: 16, own: { m: 8, n: 8 } };
  if (m >= 16 && n >= 16) return { kind: 'tiles', tile: { m: 32, n: 32 }, depth: 32, own: { m: 4, n: 4 } };
  return { kind: 'dot' };
}

/** Short extents get a rectangle of their own size. */
function sideOf(extent: number, wanted: number): number {
  return extent >= wanted ? wanted : extent >= 4 ? 4 : extent;
}

/** Whether more of what changes from column to column lies contiguous along the rows than along the columns. */
function prefersRows({ rows, columns, stages }: RowKernel): boolean {
  const row = innermost(rows);
  const column = innermost(columns);
  if (row === undefined || column === undefined) return false;
  const loads = loadsOf(stages.map(({ value }) => value)).filter(({ index }) => strideOf(index, column) !== 0);
  const along = (name: string): number => loads.filter(({ index }) => strideOf(index, name) === 1).length;
  return along(row) > 0 && along(row) >= along(column);
}

function innermost(variables: readonly IndexVariable[]): string | undefined {
  return variables.findLast(({ size }) => size > 1)?.name;
}

function ceilPowerOfTwo(value: number): number {
  return 2 ** Math.max(0, Math.ceil(Math.log2(value)));
}

function floorPowerOfTwo(value: number): number {
  return 2 ** Math.max(0, Math.floor(Math.log2(value)));
}
