/** inspect: what a call compiles to, at every stage. */
import { compile } from '../compiler/compile.ts';
import type { Compiled } from '../compiler/compile.ts';
import type { Lowering } from '../compiler/fuse/lowerings.ts';
import type { Jaxpr } from '../compiler/ir/jaxpr.ts';
import { printJaxpr } from '../compiler/ir/print.ts';
import { optimize } from '../compiler/optimize/pipeline.ts';
import { takeOutEffects } from '../compiler/transforms/effects.ts';
import { DEFAULT_PROFILE, countDispatches } from '../compiler/program.ts';
import type { DeviceProfile, KernelCode, Program } from '../compiler/program.ts';
import type { Device } from '../runtime/index.ts';
import { currentDevice } from './device.ts';
import { traceCall } from './make-jaxpr.ts';
import type { ClosedJaxpr } from './make-jaxpr.ts';
import { readOptions } from './options.ts';
import { calleeName } from './trace/callee.ts';
import { located } from './trace/bind.ts';
import { printsItself } from './trace/printing.ts';

/** A stage of optimisation that changed the jaxpr. */
export interface PassResult {
  readonly name: string;
  readonly before: string;
  readonly after: string;
}

/** How a loop runs, and why. */
export interface LoopLowering {
  /** The primitive: `scan` or `while`. */
  readonly primitive: string;
  readonly chosen: Lowering['chosen'];
  readonly reason: string;
  /** The user's line, `file:line:column`. */
  readonly source: string | undefined;
}

export class Inspection {
  /** The jaxpr as traced, with the state it threads. */
  readonly jaxpr: ClosedJaxpr;
  /** The passes that changed the jaxpr, in order. */
  readonly passes: readonly PassResult[];
  /** The jaxpr that was compiled. */
  readonly optimized: string;
  readonly program: Program;
  /** How each loop runs, in the order of the program. */
  readonly lowerings: readonly LoopLowering[];

  constructor(jaxpr: ClosedJaxpr, passes: readonly PassResult[], optimized: string, { program, graph }: Compiled) {
    this.jaxpr = jaxpr;
    this.passes = passes;
    this.optimized = optimized;
    this.program = program;
    this.lowerings = graph.lowerings.map(({ source, ...lowering }) => ({
      ...lowering,
      source: source && `${source.file}:${source.line}:${source.column}`,
    }));
  }

  /** The kernels with their WGSL and the user's lines they come from. */
  get kernels(): readonly KernelCode[] {
    return this.program.kernels;
  }

  /** The dispatches that one call encodes, with one step of each loop that the host drives. */
  get dispatches(): number {
    return countDispatches(this.program.steps);
  }

  /** The submits of one call, without those of the loops that the host drives. */
  get submits(): number {
    return this.dispatches === 0 ? 0 : 1;
  }

  /** Bytes of the memory slots that temporaries share. */
  get temporaryBytes(): number {
    const slots = new Map<number, number>();
    for (const { slot, bytes } of this.program.buffers) {
      if (slot !== null) slots.set(slot, Math.max(bytes, slots.get(slot) ?? 0));
    }
    return [...slots.values()].reduce((sum, bytes) => sum + bytes, 0);
  }

  toString(): string {
    const buffers = (role: string): string => count(this.program.buffers.filter((buffer) => buffer.role === role).length, role);
    const costs = [count(this.kernels.length, 'kernel'), count(this.dispatches, 'dispatch'), count(this.submits, 'submit')];
    const memory = [buffers('input'), buffers('output'), `${buffers('temporary')} in ${count(this.temporaryBytes, 'byte')}`];
    const driven = this.lowerings.some(({ chosen }) => chosen === 'host-driven');
    const call = driven ? 'a call, with one step of what the host drives' : 'a call';
    const summary = `${this.program.label}: ${costs.join(', ')} ${call}; ${memory.join(', ')}`;
    const passes = this.passes.map(({ name, before, after }) => `${name} (${countLines(before)} -> ${countLines(after)} lines)`);
    const loops = this.lowerings.map(({ primitive, chosen, reason, source }) => {
      return `${primitive} ${chosen}: ${reason}${source === undefined ? '' : ` // from ${source}`}`;
    });
    const kernels = this.kernels.map((kernel, i) => {
      const sources = kernel.sources.map((source) => `// from ${source}\n`).join('');
      return section(`kernel ${i}: ${kernel.label} (${kernel.kind})`, sources + kernel.wgsl);
    });
    return [
      summary,
      section('jaxpr', this.jaxpr.toString()),
      section('passes', passes.join('\n') || 'no pass changed it'),
      section('optimized', this.optimized),
      ...(loops.length > 0 ? [section('loops', loops.join('\n'))] : []),
      ...kernels,
    ].join('\n\n');
  }
}

/**
 * What `f(...args)` compiles to: the jaxpr before and after each pass, how loops run and why, kernels with WGSL and source lines,
 * buffers, dispatches and submits. Traces without running; writes of state are discarded. Without a GPU it compiles for WebGPU's
 * default limits.
 */
export function inspect<A extends unknown[]>(
  f: (...args: A) => unknown,
  options: { readonly device?: Device } = {},
): (...args: A) => Inspection {
  const label = calleeName('inspect', f);
  const { device } = readOptions<{ device: Device | undefined }>('inspect', options, { device: undefined });
  return (...args: A): Inspection =>
    located(() => {
      const { closed } = traceCall('inspect', f as (...args: never[]) => unknown, args);
      const passes: PassResult[] = [];
      let before = printJaxpr(closed.jaxpr);
      const observe = (name: string, jaxpr: Jaxpr): void => {
        const after = printJaxpr(jaxpr);
        if (after !== before) passes.push({ name, before, after });
        before = after;
      };
      const { jaxpr } = takeOutEffects(closed.jaxpr);
      observe('effects', jaxpr);
      const optimized = optimize(jaxpr, observe);
      const compiled = compile(optimized, profileOf(device ?? currentDevice()), label);
      return new Inspection(closed, passes, printJaxpr(optimized), compiled);
    });
}

function profileOf(device: Device | null): DeviceProfile {
  return device === null || device.kind === 'cpu' ? DEFAULT_PROFILE : device.profile;
}

function section(title: string, body: string): string {
  return `=== ${title} ===\n${body}`;
}

/** `1 kernel`, `2 dispatches`. */
function count(number: number, noun: string): string {
  if (number === 1) return `1 ${noun}`;
  return `${number} ${noun.replace(/y$/, 'ie')}${noun.endsWith('ch') ? 'es' : 's'}`;
}

function countLines(text: string): number {
  return text.split('\n').length;
}

printsItself(Inspection);
