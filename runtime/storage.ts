/** A Storage: the counted memory of one array, on the host or on a device. */
import type { DType, HostArray } from '../compiler/dtype.ts';
import { HeddleError } from '../compiler/errors.ts';
import type { CallSite, Device } from './device.ts';
import { describeArray, storageBytes } from './layout.ts';
import type { DeviceBuffer } from './pool.ts';
import type { Submission } from './submission.ts';

/** What is known of an array without its elements. */
export interface StorageSpec {
  readonly dtype: DType;
  readonly shape: readonly number[];
}

/**
 * A Storage starts with count 1; `retain` and `release` move the count, and at 0 its memory is free. Using it afterwards throws
 * DISPOSED. Its elements never change, except that a call may consume it, or write its results over it, when only its caller
 * has it.
 */
export class Storage {
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** null: on the host only. A device that runs a program on it keeps an uploaded copy beside the host data. */
  readonly device: Device | null;
  /** Where the elements are, for storages of a GPU; and where they were before a call was written over it. */
  buffer: DeviceBuffer | null = null;
  formerBuffer: DeviceBuffer | null = null;
  #submission: Submission | null;
  #maker: Pick<CallSite, 'where'>;
  #hostData: HostArray | null;
  #count = 1;
  #atFree: (() => void)[] = [];

  private constructor(
    { dtype, shape }: StorageSpec,
    maker: Pick<CallSite, 'where'>,
    device: Device | null,
    hostData: HostArray | null,
    submission: Submission | null,
  ) {
    this.dtype = dtype;
    this.shape = shape;
    this.device = device;
    this.#submission = submission;
    this.#maker = maker;
    this.#hostData = hostData;
  }

  /** A storage on the host with a copy of the array. */
  static host(array: HostArray, where?: string): Storage {
    const copy = { dtype: array.dtype, shape: array.shape, data: array.data.slice() };
    return new Storage(array, { where }, null, copy, null);
  }

  /** The result of a call on the host; it takes the array over, so nobody else may write to it. */
  static onHost(device: Device, array: HostArray, call: CallSite, submission: Submission | null = null): Storage {
    return new Storage(array, call, device, array, submission);
  }

  /** The result of a call on a GPU. The device frees its memory through `whenFreed`. */
  static onDevice(device: Device, spec: StorageSpec, submission: Submission): Storage {
    return new Storage(spec, submission.call, device, null, submission);
  }

  /** The call that writes it, for storages of a GPU and for those of a call on the host that failed. */
  get submission(): Submission | null {
    return this.#submission;
  }

  /** The user's line that made it. */
  get where(): string | undefined {
    return this.#maker.where;
  }

  get count(): number {
    return this.#count;
  }

  /** Bytes that it takes on a device. */
  get bytes(): number {
    return storageBytes(this.dtype, this.shape);
  }

  /** The elements, when they are on the host; not to be written to. */
  get hostData(): HostArray | null {
    this.assertAlive();
    return this.#hostData;
  }

  /** The call that should have written it, once it is known to have failed. */
  get failure(): Submission | null {
    return this.submission?.error == null ? null : this.submission;
  }

  retain(): this {
    this.assertAlive();
    this.#count++;
    return this;
  }

  release(): void {
    this.assertAlive();
    this.#count--;
    if (this.#count > 0) return;
    this.#hostData = null;
    const callbacks = this.#atFree;
    this.#atFree = [];
    for (const callback of callbacks) callback();
  }

  whenFreed(callback: () => void): void {
    this.#atFree.push(callback);
  }

  /** Has its elements in another buffer from now on, to which this call writes them. */
  moveTo(buffer: DeviceBuffer, submission: Submission): void {
    this.assertAlive();
    this.formerBuffer = this.buffer;
    this.buffer = buffer;
    this.#submission = submission;
    this.#maker = submission.call;
  }

  /** Throws DISPOSED when the count is 0. */
  assertAlive(call?: CallSite): void {
    if (this.#count > 0) return;
    const what = describeArray(this.dtype, this.shape);
    const made = this.where === undefined ? '' : ` made at ${this.where}`;
    throw new HeddleError('DISPOSED', `the ${what}${made} was disposed or donated`, {
      fix: 'const kept = x.alias(); // before x is disposed or donated',
    }).at(call?.where);
  }
}
