/**
 * The bind groups of a program's recent calls. Steps that write their results over what they read alternate between two sets of
 * buffers, and each set is found whole: a call compares buffers, and makes or looks up groups only for those that differ.
 */
import type { BindGroups } from './bindings.ts';
import type { Plan } from './plan.ts';
import type { DeviceBuffer } from './pool.ts';

/** The buffers of a call, by buffer of the program; those that no dispatch uses are missing. */
export type CallBuffers = readonly (DeviceBuffer | undefined)[];

/** The bind groups of a call. Whoever needs a missing one puts it in. */
export type CallGroups = (GPUBindGroup | undefined)[];

interface RecentCall {
  buffers: CallBuffers;
  readonly groups: CallGroups;
}

/** Two for each of two callers, such as two models in turn. */
const MAX_RECENT_CALLS = 4;

export class RecentCalls {
  readonly #plan: Plan;
  readonly #bindGroups: BindGroups;
  /** The last one first. */
  #calls: RecentCall[] = [];
  #clears = 0;

  constructor(plan: Plan, bindGroups: BindGroups) {
    this.#plan = plan;
    this.#bindGroups = bindGroups;
  }

  /** The groups for a call on these buffers, until the next call. */
  groupsFor(buffers: CallBuffers): CallGroups {
    if (this.#clears !== this.#bindGroups.clears) this.#calls = [];
    this.#clears = this.#bindGroups.clears;
    const call = this.#nearest(buffers) ?? this.#begin();
    for (let i = 0; i < buffers.length; i++) {
      if (buffers[i] === call.buffers[i]) continue;
      for (const group of this.#plan.groupsOf[i]!) call.groups[group] = undefined;
    }
    call.buffers = buffers;
    return call.groups;
  }

  /** The recent call that most of these buffers were used by, put first; none when half of them are others. */
  #nearest(buffers: CallBuffers): RecentCall | undefined {
    let [nearest, least] = [-1, buffers.length / 2];
    for (const [position, call] of this.#calls.entries()) {
      let differing = 0;
      for (let i = 0; i < buffers.length && differing < least; i++) if (buffers[i] !== call.buffers[i]) differing++;
      if (differing < least) [nearest, least] = [position, differing];
      if (least === 0) break;
    }
    if (nearest < 0) return undefined;
    const [call] = this.#calls.splice(nearest, 1);
    this.#calls.unshift(call!);
    return call;
  }

  #begin(): RecentCall {
    const call: RecentCall = { buffers: [], groups: [] };
    this.#calls.unshift(call);
    this.#calls.length = Math.min(this.#calls.length, MAX_RECENT_CALLS);
    return call;
  }
}
