/** inspect: what a call compiles to, at every stage. */
import { compile } from '../compiler/compile.ts';
import { printJaxpr } from '../compiler/ir/print.ts';
import { optimize } from '../compiler/optimize/pipeline.ts';
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

export class Inspection {
  /** The jaxpr as traced, with the state it threads. */
  readonly jaxpr: ClosedJaxpr;
  /** The passes that changed the jaxpr, in order. */
  readonly passes: readonly PassResult[];
  /** The jaxpr that was compiled. */
  readonly optimized: string;
  readonly program: Program;

  constructor(jaxpr: ClosedJaxpr, passes: readonly PassResult[], optimized: string, program: Program) {
    this.jaxpr = jaxpr;
    this.passes = passes;
    this.optimized = optimized;
    this.program = program;
  }

  /** The kernels with their WGSL and the user's lines they come from. */
  get kernels(): readonly KernelCode[] {
    return this.program.kernels;
  }

  /** The dispatches that one call encodes. */
  get dispatches(): number {
    return countDispatches(this.program.steps);
  }

  /** The submits of one call. */
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
    const summary = `${this.program.label}: ${costs.join(', ')} a call; ${memory.join(', ')}`;
    const passes = this.passes.map(({ name, before, after }) => `${name} (${countLines(before)} -> ${countLines(after)} lines)`);
    const kernels = this.kernels.map((kernel, i) => {
      const sources = kernel.sources.map((source) => `// from ${source}\n`).join('');
      return section(`kernel ${i}: ${kernel.label} (${kernel.kind})`, sources + kernel.wgsl);
    });
    return [
      summary,
      section('jaxpr', this.jaxpr.toString()),
      section('passes', passes.join('\n') || 'no pass changed it'),
      section('optimized', this.optimized),
      ...kernels,
    ].join('\n\n');
  }
}

/**
 * What `f(...args)` compiles to: the jaxpr before and after each pass, kernels with WGSL and source lines, buffers, dispatches and
 * submits. Traces without running; writes of state are discarded. Without a GPU it compiles for WebGPU's default limits.
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
      const optimized = optimize(closed.jaxpr, (name, jaxpr) => {
        const after = printJaxpr(jaxpr);
        if (after !== before) passes.push({ name, before, after });
        before = after;
      });
      const { program } = compile(optimized, profileOf(device ?? currentDevice()), label);
      return new Inspection(closed, passes, printJaxpr(optimized), program);
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
