/**
 * Which schedule a kernel gets: the table, per class of adapter, with the reasons. Times without an adapter were measured on
 * SwiftShader with two cores. What hardware gets follows from published kernels; they have not been measured.
 */
import { LARGEST_WORKGROUP } from '../fuse/costs.ts';
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
const LONGEST_REPEATED = 32;

/** Vectors halve the time of long maps (4M elements: 24 ms instead of 50), and cost 2 ms of compiling. */
const SHORTEST_VECTORIZED = 65_536;

/** Four columns a step save up to half of the time of a serial loop (4096 by 512: 7 ms instead of 10), and cost 1 to 3 ms. */
const SMALLEST_UNROLLED = 262_144;

/** The schedule of a map over so many points, whose expressions have so many terms. */
export function chooseMapSchedule(points: number, terms: number): MapSchedule {
  return { workgroup: 64, vectors: points >= SHORTEST_VECTORIZED && terms <= LONGEST_REPEATED };
}

/** The workgroup of a loop whose parts have so many points at most. */
export function chooseGroupSchedule(points: number, profile: DeviceProfile): { readonly workgroup: number } {
  return { workgroup: Math.min(powerOfTwo(points, Math.ceil), LARGEST_WORKGROUP, profile.maxComputeInvocationsPerWorkgroup) };
}

export function chooseRowSchedule(kernel: RowKernel, terms: number, profile: DeviceProfile): RowSchedule {
  const rows = countPoints(kernel.rows);
  const columns = countPoints(kernel.columns);
  const unroll = terms <= LONGEST_REPEATED && rows * columns >= SMALLEST_UNROLLED ? 4 : 1;
  if (profile.software) return { ...softwareTeams(rows, columns), adjacentRows: false, unroll };
  const adjacentRows = prefersRows(kernel);
  const { members, teams } = hardwareTeams(rows, columns, adjacentRows);
  // A state in workgroup memory takes up to 8 bytes.
  const fitting = profile.maxComputeWorkgroupStorageSize / (8 * teams * Math.max(1, kernel.stages.length));
  return { members: Math.min(members, powerOfTwo(fitting, Math.floor)), teams, adjacentRows, unroll };
}

/**
 * Barriers are dear on SwiftShader (4096 rows of 512: 10 ms without, 128 ms with teams of 64), and compiling them takes up to a
 * second on lavapipe, so that teams pay only where there are not enough rows for the lanes of the processor: one row of a million
 * takes 7 ms with a team of 16 and 23 ms without.
 */
function softwareTeams(rows: number, columns: number): { members: number; teams: number } {
  return rows <= 4 && columns >= 16_384 ? { members: 16, teams: 1 } : { members: 1, teams: 16 };
}

/**
 * Neighbouring invocations should load neighbouring elements: those of 32 rows, shared by few members, or those of one row, by as
 * many as have work. Rows of less than 32 columns are not worth a barrier.
 */
function hardwareTeams(rows: number, columns: number, adjacentRows: boolean): { members: number; teams: number } {
  if (columns < 32) return { members: 1, teams: 64 };
  if (adjacentRows) {
    const teams = Math.min(32, powerOfTwo(rows, Math.ceil));
    return { members: Math.min(256 / teams, powerOfTwo(columns / 16, Math.ceil)), teams };
  }
  if (columns < 256) return { members: 32, teams: 4 };
  return { members: columns < 2048 ? 64 : 256, teams: 1 };
}

/**
 * The naive dot product compiles in 8 ms, rectangles of 4 by 4 in 12, of 8 by 8 in 22, tiles in 300 to 1500. 256 cubed runs in
 * 148 ms with dot products, 50 with 4 by 4, 28 with 8 by 8 and 65 with tiles of 64; a rectangle needs enough others to fill the
 * device. On hardware tiles load every element of the operands from memory once per workgroup, and a larger rectangle does fewer
 * loads per multiplication; below 16 rows or columns most of a tile would be idle.
 */
export function chooseContractSchedule(kernel: ContractKernel, profile: DeviceProfile): ContractSchedule {
  const [m, n, k] = [countPoints(kernel.m), countPoints(kernel.n), countPoints(kernel.k)];
  const outputs = countPoints(kernel.batch) * m * n;
  const products = outputs * k;
  if (products < 32_768) return { kind: 'dot' };
  if (profile.software) {
    const side = products >= 1_000_000 && outputs >= 512 ? 8 : 4;
    return { kind: 'registers', m: sideOf(m, side), n: sideOf(n, side), workgroup: 16 };
  }
  const shorter = Math.min(m, n);
  if (shorter >= 64) return { kind: 'tiles', tile: { m: 64, n: 64 }, depth: 16, own: { m: 8, n: 8 } };
  if (shorter >= 16) return { kind: 'tiles', tile: { m: 32, n: 32 }, depth: 32, own: { m: 4, n: 4 } };
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

function powerOfTwo(value: number, round: (exponent: number) => number): number {
  return 2 ** Math.max(0, round(Math.log2(value)));
}
