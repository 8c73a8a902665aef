/** The storages that hold the memory of a device. Their lines are looked up only when somebody asks. */
import type { Holder } from './device.ts';
import type { Storage } from './storage.ts';

export class Holdings {
  readonly #bytesOf = new Map<Storage, number>();
  #bytes = 0;
  #peak = 0;

  /** Bytes that storages hold. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The most that `bytes` has been. */
  get peak(): number {
    return this.#peak;
  }

  /** Counts the storage until it is freed. */
  add(storage: Storage, bytes: number): void {
    this.#bytesOf.set(storage, bytes);
    this.#bytes += bytes;
    this.#peak = Math.max(this.#peak, this.#bytes);
    storage.whenFreed(() => {
      this.#bytesOf.delete(storage);
      this.#bytes -= bytes;
    });
  }

  /** By creation line, most bytes first. */
  holders(): Holder[] {
    const byLine = new Map<string, Holder>();
    for (const [storage, bytes] of this.#bytesOf) {
      const where = storage.where ?? 'an unknown line';
      const sum = byLine.get(where);
      byLine.set(where, { where, bytes: bytes + (sum?.bytes ?? 0), count: 1 + (sum?.count ?? 0) });
    }
    return [...byLine.values()].sort((a, b) => b.bytes - a.bytes);
  }
}
