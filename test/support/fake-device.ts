/**
 * A GPUDevice in memory, with the failures of real ones on command: it can be lost, run out of memory, and refuse what it is
 * given. Its kernels do one thing: the last binding becomes the first one plus 1, as float32.
 */

/** WGSL with this word in it does not compile. */
export const BROKEN_WGSL = 'broken';

export interface FakeDevice {
  readonly device: GPUDevice;
  /** Errors that no scope captured. */
  readonly uncaptured: readonly string[];
  lose(message: string): void;
  /** The next submit raises this error. */
  failNextSubmit(filter: GPUErrorFilter, message: string): void;
  /** Maps wait until `releaseMaps`. */
  holdMaps(): void;
  releaseMaps(): void;
}

export interface FakeOptions {
  /** Bytes of buffers that it can make. */
  readonly memory?: number;
  readonly limits?: Partial<typeof LIMITS>;
}

export function fakeDevice(options: FakeOptions = {}): FakeDevice {
  const fake = new Fake(options.memory ?? Infinity, { ...LIMITS, ...options.limits });
  return {
    device: fake as unknown as GPUDevice,
    uncaptured: fake.uncaptured,
    lose: (message) => fake.lose(message),
    failNextSubmit: (filter, message) => fake.pendingErrors.push({ filter, message }),
    holdMaps: () => (fake.mapsHeld = true),
    releaseMaps: () => fake.releaseMaps(),
  };
}

const LIMITS = {
  maxStorageBuffersPerShaderStage: 8,
  maxStorageBufferBindingSize: 134_217_728,
  maxBufferSize: 268_435_456,
  maxComputeWorkgroupsPerDimension: 65_535,
  maxComputeInvocationsPerWorkgroup: 256,
  maxComputeWorkgroupStorageSize: 16_384,
};

interface RaisedError {
  readonly filter: GPUErrorFilter;
  readonly message: string;
}

/** Anything that the device makes; an invalid object spoils what is made from it. */
interface Made {
  readonly valid: boolean;
}

interface FakeBindGroup extends Made {
  readonly buffers: readonly FakeBuffer[];
}

type Command = { readonly uses: readonly FakeBuffer[]; readonly valid: boolean; execute(): void };

class FakeBuffer {
  readonly size: number;
  readonly valid: boolean;
  readonly bytes: ArrayBuffer;
  state: 'unmapped' | 'pending' | 'mapped' | 'destroyed' = 'unmapped';
  readonly #device: Fake;

  constructor(device: Fake, size: number, valid: boolean) {
    this.#device = device;
    this.size = size;
    this.valid = valid;
    this.bytes = new ArrayBuffer(valid ? size : 0);
  }

  mapAsync(): Promise<void> {
    if (this.state !== 'unmapped') return Promise.reject(new Error(`the buffer is ${this.state}`));
    this.state = 'pending';
    return this.#device.map(this);
  }

  getMappedRange(offset: number, size: number): ArrayBuffer {
    if (this.state !== 'mapped') throw new Error(`the buffer is ${this.state}`);
    return this.bytes.slice(offset, offset + size);
  }

  unmap(): void {
    this.state = 'unmapped';
  }

  destroy(): void {
    if (this.state !== 'destroyed' && this.valid) this.#device.usedBytes -= this.size;
    this.state = 'destroyed';
  }
}

class Fake {
  readonly limits: typeof LIMITS;
  readonly features = new Set<string>();
  readonly adapterInfo = { vendor: '', architecture: '', device: '', description: 'fake' };
  readonly lost: Promise<{ reason: string; message: string }>;
  readonly uncaptured: string[] = [];
  readonly pendingErrors: RaisedError[] = [];
  readonly queue: Pick<GPUQueue, 'writeBuffer' | 'submit' | 'onSubmittedWorkDone'>;
  usedBytes = 0;
  mapsHeld = false;
  readonly #memory: number;
  readonly #scopes: { filter: GPUErrorFilter; error: RaisedError | null }[] = [];
  #isLost = false;
  #announceLoss: (info: { reason: string; message: string }) => void = () => {};
  #heldMaps: (() => void)[] = [];

  constructor(memory: number, limits: typeof LIMITS) {
    this.#memory = memory;
    this.limits = limits;
    this.lost = new Promise((resolve) => (this.#announceLoss = resolve));
    this.queue = {
      writeBuffer: (buffer, offset, data) => this.#write(buffer as unknown as FakeBuffer, offset, data as ArrayBufferView),
      submit: (commandBuffers) => this.#submit([...commandBuffers] as unknown as Command[][]),
      onSubmittedWorkDone: () => Promise.resolve(undefined),
    };
  }

  lose(message: string): void {
    this.#isLost = true;
    this.#announceLoss({ reason: 'unknown', message });
    this.releaseMaps();
  }

  destroy(): void {
    this.lose('the fake device was destroyed');
  }

  pushErrorScope(filter: GPUErrorFilter): void {
    this.#scopes.push({ filter, error: null });
  }

  popErrorScope(): Promise<{ message: string } | null> {
    const scope = this.#scopes.pop();
    if (scope === undefined) return Promise.reject(new Error('there is no error scope'));
    return Promise.resolve(this.#isLost ? null : scope.error);
  }

  createBuffer({ size }: { size: number }): FakeBuffer {
    const valid = this.usedBytes + size <= this.#memory;
    if (valid) this.usedBytes += size;
    else this.#raise('out-of-memory', `no ${size} bytes are left`);
    return new FakeBuffer(this, size, valid);
  }

  createShaderModule({ code }: { code: string }): Made {
    return this.#make(!code.includes(BROKEN_WGSL), 'the WGSL is broken');
  }

  createBindGroupLayout(): Made {
    return { valid: true };
  }

  createPipelineLayout(): Made {
    return { valid: true };
  }

  createComputePipeline({ compute }: { compute: { module: Made } }): Made {
    return this.#make(compute.module.valid, 'the shader module is invalid');
  }

  createComputePipelineAsync({ compute }: { compute: { module: Made } }): Promise<Made> {
    return compute.module.valid ? Promise.resolve({ valid: true }) : Promise.reject(new Error('the shader module is invalid'));
  }

  createBindGroup({ entries }: { entries: readonly { resource: { buffer: FakeBuffer } }[] }): FakeBindGroup {
    const buffers = entries.map(({ resource }) => resource.buffer);
    return { ...this.#make(buffers.every(({ valid }) => valid), 'a buffer of the bind group is invalid'), buffers };
  }

  createCommandEncoder(): object {
    const commands: Command[] = [];
    let pipeline: Made = { valid: false };
    let group: FakeBindGroup = { valid: false, buffers: [] };
    const pass = {
      setPipeline: (next: Made) => (pipeline = next),
      setBindGroup: (index: number, next: FakeBindGroup) => {
        if (index === 0) group = next;
      },
      dispatchWorkgroups: () => {
        const { buffers, valid } = group;
        commands.push({ uses: buffers, valid: valid && pipeline.valid, execute: () => addOne(buffers) });
      },
      end: () => {},
    };
    return {
      beginComputePass: () => pass,
      copyBufferToBuffer: (from: FakeBuffer, fromOffset: number, to: FakeBuffer, toOffset: number, size: number) => {
        const execute = (): void => new Uint8Array(to.bytes).set(new Uint8Array(from.bytes, fromOffset, size), toOffset);
        commands.push({ uses: [from, to], valid: from.valid && to.valid, execute });
      },
      finish: () => commands,
    };
  }

  async map(buffer: FakeBuffer): Promise<void> {
    if (this.mapsHeld) await new Promise<void>((resolve) => this.#heldMaps.push(resolve));
    if (this.#isLost || !buffer.valid) throw new Error('the map was aborted');
    buffer.state = 'mapped';
  }

  releaseMaps(): void {
    this.mapsHeld = false;
    for (const release of this.#heldMaps.splice(0)) release();
  }

  #write(buffer: FakeBuffer, offset: number, data: ArrayBufferView): undefined {
    if (!buffer.valid) return this.#raise('validation', 'writeBuffer: the buffer is invalid');
    new Uint8Array(buffer.bytes).set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset);
  }

  #submit(commandBuffers: readonly Command[][]): undefined {
    if (this.#isLost) return;
    for (const { filter, message } of this.pendingErrors.splice(0)) {
      this.#raise(filter, message);
      return;
    }
    const commands = commandBuffers.flat();
    if (commands.some(({ valid }) => !valid)) return this.#raise('validation', 'submit: an object is invalid');
    const unusable = commands.flatMap(({ uses }) => uses).find(({ state }) => state !== 'unmapped');
    if (unusable !== undefined) return this.#raise('validation', `submit: a buffer is ${unusable.state}`);
    for (const { execute } of commands) execute();
  }

  #make(valid: boolean, message: string): Made {
    if (!valid) this.#raise('validation', message);
    return { valid };
  }

  #raise(filter: GPUErrorFilter, message: string): undefined {
    const scope = this.#scopes.findLast((each) => each.filter === filter);
    if (scope === undefined) this.uncaptured.push(message);
    else scope.error ??= { filter, message };
  }
}

function addOne(buffers: readonly FakeBuffer[]): void {
  const [first, last] = [buffers[0], buffers.at(-1)];
  if (first === undefined || last === undefined) return;
  const out = new Float32Array(last.bytes);
  new Float32Array(first.bytes).forEach((value, i) => {
    if (i < out.length) out[i] = value + 1;
  });
}
