/** The module under which operations are being traced, such as `layers/linear`; stamped on equations. */

let path = '';

export function currentPath(): string {
  return path;
}

export function withPath<T>(inner: string, f: () => T): T {
  const outer = path;
  path = inner;
  try {
    return f();
  } finally {
    path = outer;
  }
}
