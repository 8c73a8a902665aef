/** How objects and classes show themselves. */

/** The name of a class: its own `static typeName`, which minifiers leave alone, else the name it was written with. */
export function typeName(type: { readonly name: string; readonly typeName?: unknown }): string {
  return Object.hasOwn(type, 'typeName') ? String(type.typeName) : type.name || 'anonymous';
}

/** Gives a piece of text its colour. */
type Stylize = (text: string, style: 'special' | 'string' | 'number' | 'boolean' | 'undefined' | 'name') => string;

/** What Node hands to the objects that console.log prints. */
interface InspectOptions {
  readonly stylize?: Stylize;
}

/** The class's instances are printed by `toString()` in console.log and the REPL. */
export function printsItself(type: { readonly prototype: { toString(): string } }): void {
  printsAs(type, (value) => value.toString());
}

/** The class's instances are printed by `show`, which is told how many levels to show. */
export function printsAs<T>(type: { readonly prototype: T }, show: (value: T, depth: number, stylize?: Stylize) => string): void {
  Object.defineProperty(type.prototype, Symbol.for('nodejs.util.inspect.custom'), {
    configurable: true,
    value(this: T, depth: number | null = null, options: InspectOptions = {}): string {
      return show(this, depth ?? Infinity, options.stylize);
    },
  });
}
