/** How objects and classes show themselves. */

/** The name of a class: its own `static typeName`, which minifiers leave alone, else the name it was written with. */
export function typeName(type: { readonly name: string; readonly typeName?: unknown }): string {
  return Object.hasOwn(type, 'typeName') ? String(type.typeName) : type.name || 'anonymous';
}

/** The class's instances are printed by `toString()` in console.log and the REPL. */
export function printsItself(type: { readonly prototype: { toString(): string } }): void {
  Object.defineProperty(type.prototype, Symbol.for('nodejs.util.inspect.custom'), {
    value(this: { toString(): string }): string {
      return this.toString();
    },
  });
}
