/** The buffers of a program while it is decided what is stored: who wants a variable where, and where it is loaded from. */
import { HeddleError } from '../errors.ts';
import type { Atom, Aval, Var } from '../ir/jaxpr.ts';
import type { Carry } from './block.ts';
import type { GraphBuffer } from './graph.ts';
import type { Target } from './plan.ts';

interface PendingCarry {
  readonly loop: number;
  readonly read: number;
  readonly write: number;
  readonly initial: Atom;
  readonly even: number;
  readonly odd: number;
}

export interface Placement {
  readonly required: readonly Target[];
  readonly home: Target;
}

export class Buffers {
  readonly homes: Map<Var, Target> = new Map();
  readonly wholes: Map<Atom, number> = new Map();
  readonly #buffers: GraphBuffer[] = [];
  readonly #wanted = new Map<Var, Target[]>();
  readonly #needWhole = new Set<Var>();
  readonly #carries: PendingCarry[] = [];

  input(variable: Var): number {
    const buffer = this.#add('input', variable.aval);
    this.#settle(variable, { buffer, prefix: [] });
    return buffer;
  }

  output(aval: Aval): number {
    return this.#add('output', aval);
  }

  temporary(aval: Aval): number {
    return this.#add('temporary', aval);
  }

  /** The variable must be written there. */
  want(variable: Var, target: Target): void {
    this.#wanted.set(variable, [...(this.#wanted.get(variable) ?? []), target]);
  }

  /** The variable must be the whole of some buffer. */
  wantWhole(variable: Var): void {
    this.#needWhole.add(variable);
  }

  isNeeded(variable: Var): boolean {
    return this.#wanted.has(variable) || this.#needWhole.has(variable);
  }

  /** Settles where a variable is written and loaded from. */
  place(variable: Var): Placement {
    const required = [...(this.#wanted.get(variable) ?? [])];
    let home = required.find(({ prefix }) => prefix.length === 0);
    if (home === undefined && (this.#needWhole.has(variable) || required.length === 0)) {
      home = { buffer: this.temporary(variable.aval), prefix: [] };
      if (this.#needWhole.has(variable)) required.push(home);
    }
    home ??= required[0]!;
    this.#settle(variable, home);
    return { required, home };
  }

  /** The places of a variable that is written there but computed anew by everyone who reads it. */
  placeCopies(variable: Var): readonly Target[] {
    const { required } = this.place(variable);
    this.homes.delete(variable);
    return required;
  }

  /** Makes the two buffers of a carry. Gives the target of its next value, and where the result is still to be copied. */
  placeCarry(carry: Carry, loop: number, length: number): { next: Target; copies: readonly Target[] } {
    const { input, initial, result } = carry;
    const wanted = this.#wanted.get(result) ?? [];
    const direct = wanted.find(({ buffer, prefix }) => prefix.length === 0 && this.#buffers[buffer]!.role !== 'carry');
    const last = direct?.buffer ?? this.temporary(result.aval);
    const other = length === 1 ? last : this.temporary(result.aval);
    const [even, odd] = length % 2 === 1 ? [last, other] : [other, last];
    const read = this.#add('carry', result.aval);
    const write = this.#add('carry', result.aval);
    this.#carries.push({ loop, read, write, initial, even, odd });
    this.#settle(input, { buffer: read, prefix: [] });
    this.#settle(result, { buffer: last, prefix: [] });
    if (carry.other !== undefined) this.#settle(carry.other, { buffer: other, prefix: [] });
    return { next: { buffer: write, prefix: [] }, copies: wanted.filter((target) => target !== direct) };
  }

  finish(): GraphBuffer[] {
    const buffers = [...this.#buffers];
    for (const { loop, read, write, initial, even, odd } of this.#carries) {
      const buffer = this.wholes.get(initial);
      if (buffer === undefined) throw new HeddleError('INTERNAL', 'the initial value of a carry has no buffer');
      for (const [number, side] of [[read, 'read'], [write, 'write']] as const) {
        buffers[number] = { ...buffers[number]!, carry: { loop, side, initial: buffer, even, odd } };
      }
    }
    return buffers;
  }

  #settle(variable: Var, home: Target): void {
    this.homes.set(variable, home);
    if (home.prefix.length === 0) this.wholes.set(variable, home.buffer);
  }

  #add(role: GraphBuffer['role'], { dtype, shape }: Aval): number {
    return this.#buffers.push({ role, dtype, shape }) - 1;
  }
}
