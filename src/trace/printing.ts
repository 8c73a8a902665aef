/** Lets Node's console show an object by its toString(). */

/** The class's instances are printed by `toString()` in console.log and the REPL. */
export function printsItself(type: { readonly prototype: { toString(): string } }): void {
  Object.defineProperty(type.prototype, Symbol.for('nodejs.util.inspect.custom'), {
    value(this: { toString(): string }): string {
      return this.toString();
    },
  });
}
