/** A Submission: one call given to the GPU, and what became of it after the call returned. */
import { HeddleError } from '../compiler/errors.ts';
import type { ErrorCode } from '../compiler/errors.ts';
import type { CallSite } from './device.ts';
import type { FailureReporter } from './failures.ts';
import { inScope } from './scopes.ts';
import type { Fault, Outcome } from './scopes.ts';

export class Submission {
  readonly call: CallSite;
  /** Resolves when it is known whether the call failed; never rejects. */
  readonly settled: Promise<void>;
  readonly #reporter: FailureReporter;
  readonly #outcomes: Outcome[] = [];
  #settle: () => void = () => {};
  #isSettled = false;
  #observed = false;
  #error: HeddleError | null = null;
  /** Calls whose results it reads, as long as they may still fail. */
  #inputs: readonly Submission[] = [];
  #guarded = false;
  #submitted = false;
  /** Reads back what says whether the call failed. */
  #verdict: (() => Promise<HeddleError | null>) | null = null;
  #judgement: Promise<HeddleError | null> | null = null;

  constructor(call: CallSite, reporter: FailureReporter) {
    this.call = call;
    this.#reporter = reporter;
    this.settled = new Promise((resolve) => (this.#settle = resolve));
  }

  /** What went wrong, once that is known. */
  get error(): HeddleError | null {
    return this.#error;
  }

  get isSettled(): boolean {
    return this.#isSettled;
  }

  /** Whether somebody will hear of a failure: a reader, or a call that depends on this one. */
  get observed(): boolean {
    return this.#observed;
  }

  observe(): void {
    this.#observed = true;
  }

  /** The call fails when one that wrote an input does. */
  dependOn(inputs: readonly { readonly submission: Submission | null }[]): void {
    const unsettled = new Set<Submission>();
    let last: Submission | null = null;
    for (const { submission } of inputs) {
      if (submission === last) continue;
      last = submission;
      if (submission !== null && !submission.isSettled) unsettled.add(submission);
    }
    this.#inputs = [...unsettled];
    for (const input of this.#inputs) input.observe();
  }

  /** The call fails when this step does. */
  include(outcome: Outcome | null): void {
    if (outcome !== null) this.#outcomes.push(outcome);
  }

  /** When the work has been submitted, `verdict` is asked whether the call failed. */
  judgedBy(verdict: () => Promise<HeddleError | null>): void {
    this.#verdict = verdict;
  }

  /** Runs a part of the call in error scopes. */
  guard<T>(gpu: GPUDevice, body: () => T): T {
    if (this.#guarded) return body();
    this.#guarded = true;
    try {
      const [[value, validation], memory] = inScope(gpu, 'MEMORY', () => inScope(gpu, 'VALIDATION', body));
      this.include(validation);
      this.include(memory);
      if (this.#submitted) void this.#conclude();
      return value;
    } finally {
      this.#guarded = false;
    }
  }

  /** Runs the last part of the call, which submits its work. */
  submit(gpu: GPUDevice, body: () => void): void {
    this.guard(gpu, () => {
      body();
      this.#judgement = this.#verdict?.() ?? null;
      this.#judgement?.catch(() => {}); // It is awaited when the other outcomes are known.
      this.#submitted = true;
    });
  }

  /** Whether the call must fail, when that is known of all its steps so far and of its inputs. */
  async hasFailed(): Promise<boolean> {
    for (const { settled } of this.#inputs) await settled;
    const faults = await Promise.all(this.#outcomes.splice(0));
    for (const fault of faults) if (fault !== null) this.include(Promise.resolve(fault));
    return this.#isSettled || this.#outcomes.length > 0 || this.#inputs.some(({ error }) => error !== null);
  }

  /** After the submit the outcome depends on the inputs and on the steps. */
  async #conclude(): Promise<void> {
    try {
      const faults = await Promise.all(this.#outcomes);
      for (const { settled } of this.#inputs) await settled;
      const cause = this.#inputs.find(({ error }) => error !== null)?.error;
      // Out of memory first: a buffer that could not be made is the reason of the validation faults that follow.
      const fault = faults.find((each) => each?.code === 'MEMORY') ?? faults.find((each) => each !== null);
      if (cause != null) this.fail(inputFailed(cause, this.call));
      else if (fault != null) this.fail(this.#fromFault(fault));
      else {
        const failure = await this.#judgement;
        if (failure == null) this.#finish();
        else this.fail(failure);
      }
    } catch (cause) {
      this.fail(this.#raise('INTERNAL', `the outcome of ${this.call.label} is unknown`, cause));
    }
  }

  /** Fails the call, unless its outcome is known already. */
  fail(error: HeddleError): void {
    if (this.#isSettled) return;
    this.#error = error;
    this.#finish();
    this.#reporter.failed(this);
  }

  #fromFault({ code, message }: Fault): HeddleError {
    const problem = code === 'MEMORY' ? 'the device ran out of memory in' : 'WebGPU refused';
    return this.#raise(code, `${problem} ${this.call.label}: ${message}`);
  }

  #raise(code: ErrorCode, problem: string, cause?: unknown): HeddleError {
    return new HeddleError(code, problem, { cause }).at(this.call.where);
  }

  #finish(): void {
    this.#isSettled = true;
    this.#inputs = [];
    this.#outcomes.length = 0;
    this.#verdict = null;
    this.#settle();
  }
}

/** The error of a call when `cause` is the error of the call that made an input. */
export function inputFailed(cause: HeddleError, call: CallSite): HeddleError {
  return new HeddleError(cause.code, `an input of ${call.label} is the result of a call that failed`, { cause }).at(call.where);
}
