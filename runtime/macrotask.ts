/** Resolves in a macrotask of its own: engines run finalizers only between these. */
export function macrotask(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}
