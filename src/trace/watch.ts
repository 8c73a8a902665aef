/** Watching calls of modules while a function is traced: tabulate sees what goes into each of them, and what comes out. */

/** Stands between the caller and `forward`: calls it, and returns its result. */
export type Watch = (module: object, args: readonly unknown[], call: () => unknown) => unknown;

let current: Watch | null = null;

/** Runs `f`; meanwhile `watch` stands before every call. */
export function watching<T>(watch: Watch, f: () => T): T {
  const outer = current;
  current = watch;
  try {
    return f();
  } finally {
    current = outer;
  }
}

/** Whether calls are watched: functions that were traced before have to be called again. */
export function isWatching(): boolean {
  return current !== null;
}

export function watched<T>(module: object, args: readonly unknown[], call: () => T): T {
  return current === null ? call() : (current(module, args, call) as T);
}
