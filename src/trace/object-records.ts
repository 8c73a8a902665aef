/**
 * What objects were made of at one time, to be compared with what they are made of now, field by field and much faster than a text
 * of them could be made. Plain data inside is followed, because it may be changed in place; anything else is itself.
 */
import { isPlainObject } from '../tree.ts';

interface ItemsRecord {
  readonly collection: Iterable<unknown>;
  readonly items: readonly unknown[];
}

interface ArrayRecord {
  readonly array: readonly unknown[];
  readonly items: readonly unknown[];
}

export class ObjectRecords {
  /** In lists of their own, because what comparing costs is the memory that it touches: the objects, their names, all values. */
  readonly #objects: Readonly<Record<string, unknown>>[] = [];
  readonly #names: (readonly string[])[] = [];
  readonly #values: unknown[] = [];
  readonly #arrays: ArrayRecord[] = [];
  readonly #collections: ItemsRecord[] = [];
  /** One list for all objects with the same fields. */
  readonly #sharedNames = new Map<string, readonly string[]>();

  constructor(roots: Iterable<object>) {
    const seen = new Set<unknown>(roots);
    const follow = (values: readonly unknown[]): void => {
      for (const value of values) {
        if (typeof value !== 'object' || value === null || seen.has(value)) continue;
        seen.add(value);
        if (Array.isArray(value)) this.#addArray(value, follow);
        else if (value instanceof Map || value instanceof Set) this.#addCollection(value, follow);
        else if (isPlainObject(value) && !isConstant(value)) this.#addObject(value, follow);
      }
    };
    for (const root of Array.from(seen)) this.#addObject(root as object, follow);
  }

  /** Whether all fields, and the items of all arrays, Maps and Sets inside, are the same values as then, in the same order. */
  unchanged(): boolean {
    let next = 0;
    for (let k = 0; k < this.#objects.length; k++) {
      const [object, names] = [this.#objects[k]!, this.#names[k]!];
      let i = 0;
      // Engines have the names and places of an object's fields ready for this loop.
      for (const name in object) if (name !== names[i++] || !Object.is(object[name], this.#values[next++])) return false;
      if (i !== names.length) return false;
    }
    for (const { array, items } of this.#arrays) if (!sameItems(array, items)) return false;
    for (const { collection, items } of this.#collections) if (!sameItems(itemsOf(collection), items)) return false;
    return true;
  }

  #addObject(object: object, follow: (values: readonly unknown[]) => void): void {
    const fields = object as Readonly<Record<string, unknown>>;
    const names: string[] = [];
    for (const name in fields) names.push(name);
    const key = JSON.stringify(names);
    const shared = this.#sharedNames.get(key) ?? names;
    this.#sharedNames.set(key, shared);
    const values = names.map((name) => fields[name]);
    this.#objects.push(fields);
    this.#names.push(shared);
    this.#values.push(...values);
    follow(values);
  }

  #addArray(array: readonly unknown[], follow: (values: readonly unknown[]) => void): void {
    const items = [...array];
    this.#arrays.push({ array, items });
    follow(items);
  }

  #addCollection(collection: Iterable<unknown>, follow: (values: readonly unknown[]) => void): void {
    const items = itemsOf(collection);
    this.#collections.push({ collection, items });
    follow(items);
  }
}

/** Whether the object can never be another: it is frozen, and so is everything in it. */
function isConstant(value: object): boolean {
  const isFixed = (field: unknown): boolean => typeof field !== 'object' || field === null;
  return Object.isFrozen(value) && Object.values(value).every(isFixed);
}

/** The keys of a Map stand before their values. */
function itemsOf(collection: Iterable<unknown>): unknown[] {
  return collection instanceof Map ? [...collection].flat() : [...collection];
}

function sameItems(now: readonly unknown[], then: readonly unknown[]): boolean {
  if (now.length !== then.length) return false;
  for (let i = 0; i < now.length; i++) if (!Object.is(now[i], then[i])) return false;
  return true;
}
