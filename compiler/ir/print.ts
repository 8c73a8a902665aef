/** Jaxprs as text, as `jax.make_jaxpr` (JAX 0.10) prints them. `parseJaxpr` reads the text back. */
import { camelCase } from '../primitives/primitive.ts';
import { Jaxpr, Literal, showAval } from './jaxpr.ts';
import type { Atom, Equation, Param, Var } from './jaxpr.ts';
import { comment, group, join, layOut, lineBreak, nest } from './layout.ts';
import type { Document } from './layout.ts';
import { showLiteral, showNumber, showString } from './values.ts';

export interface PrintOptions {
  /** Ends lines with `# file:line` of the user's code. */
  readonly sources?: boolean;
  /** Ends lines with the path of the module, `# layers/linear`. */
  readonly paths?: boolean;
  /** The number of an equation: it is marked, and of the others only the nearest are printed, `...` for the rest. */
  readonly focus?: number;
}

/**
 * The text of a jaxpr: `{ lambda consts ; inputs. let equations in (outputs,) }`, on one line if it fits. Variables are named in
 * the order of their appearance; a result that nothing reads prints as `_`; the jaxpr of a `jit` takes over its operands' names.
 */
export function printJaxpr(jaxpr: Jaxpr, options: PrintOptions = {}): string {
  return layOut(new Printer(options).jaxpr(jaxpr, new Map(), options.focus));
}

/** Equations shown on either side of the one in focus. */
const CONTEXT = 3;

/** Words that would be ambiguous as names. */
const RESERVED: ReadonlySet<string> = new Set(['lambda', 'let', 'in', 'nan', 'inf']);

/** Parameters whose innermost tuples JAX prints as lists. */
const LISTS: ReadonlySet<string> = new Set(['dimension_numbers']);

/** Parameters that JAX prints as named tuples. */
const NAMED_TUPLES: ReadonlyMap<string, { readonly type: string; readonly fields: readonly string[] }> = new Map([
  ['conv_general_dilated.dimension_numbers', { type: 'ConvDimensionNumbers', fields: ['lhs_spec', 'rhs_spec', 'out_spec'] }],
]);

type Names = Map<Var, string>;

class Printer {
  readonly #options: PrintOptions;
  #named = 0;

  constructor(options: PrintOptions) {
    this.#options = options;
  }

  jaxpr(jaxpr: Jaxpr, names: Names, focus?: number): Document {
    const used = new Set<Atom>(jaxpr.outputs);
    for (const { inputs } of jaxpr.equations) inputs.forEach((input) => used.add(input));
    const consts = this.#binders(jaxpr.consts, names);
    const inputs = this.#binders(jaxpr.inputs, names);
    const equations = jaxpr.equations.map((equation) => {
      for (const output of equation.outputs) if (!used.has(output)) names.set(output, '_');
      return this.#equation(equation, names);
    });
    const shown = focus === undefined ? equations : nearest(equations, focus);
    const outputs = jaxpr.outputs.map((output) => this.#atom(output, names));
    return group(
      nest(
        2,
        ['{ lambda ', consts, '; ', inputs, '. let'],
        nest(2, lineBreak(), join(lineBreak('; '), shown)),
        [lineBreak(), 'in (', fill(outputs, ','), outputs.length === 1 ? ',)' : ')'],
      ),
      ' }',
    );
  }

  #equation(equation: Equation, names: Names): Document {
    const { primitive, inputs, outputs } = equation;
    const left = outputs.length === 0 ? '' : [this.#binders(outputs, names), ' = '];
    const right = inputs.length === 0 ? '' : [' ', fill(inputs.map((input) => this.#atom(input, names)))];
    return [left, primitive.name, this.#params(equation, names), right, this.#comments(equation)];
  }

  #binders(variables: readonly Var[], names: Names): Document {
    return fill(variables.map((variable) => `${this.#name(variable, names)}:${showAval(variable.aval)}`));
  }

  #atom(atom: Atom, names: Names): string {
    return atom instanceof Literal ? showLiteral(atom) : this.#name(atom, names);
  }

  #name(variable: Var, names: Names): string {
    const known = names.get(variable);
    if (known !== undefined) return known;
    let name = alphabetic(this.#named++);
    while (RESERVED.has(name)) name = alphabetic(this.#named++);
    names.set(variable, name);
    return name;
  }

  #params(equation: Equation, names: Names): Document {
    const entries = Object.entries(equation.params).map(([name, param]) => ({ name: snakeCase(name), param }));
    if (entries.length === 0) return '';
    entries.sort((a, b) => (a.name === 'name' ? -1 : b.name === 'name' ? 1 : a.name < b.name ? -1 : 1));
    const pairs = entries.map(({ name, param }): Document => {
      if (param instanceof Jaxpr) return [name, '=', this.jaxpr(param, suggested(equation, param, names))];
      const tuple = NAMED_TUPLES.get(`${equation.primitive.name}.${name}`);
      if (tuple !== undefined) {
        const items = tuple.fields.map((field, i) => [field, '=', this.#param((param as readonly Param[])[i]!, false)]);
        return [name, '=', tuple.type, '(', join(', ', items), ')'];
      }
      return [name, '=', this.#param(param, LISTS.has(name))];
    });
    return group(nest(2, '[', lineBreak(''), join(lineBreak(), pairs)), lineBreak(''), ']');
  }

  #param(param: Param, lists: boolean): Document {
    if (param instanceof Jaxpr) return this.jaxpr(param, new Map());
    if (param === null) return 'None';
    if (typeof param === 'boolean') return param ? 'True' : 'False';
    if (typeof param === 'number') return showNumber(param);
    if (typeof param === 'string') return showString(param);
    const items = param as readonly Param[];
    if (items.length > 0 && items.every((item) => item instanceof Jaxpr)) {
      const jaxprs = items.map((item) => this.jaxpr(item, new Map()));
      return group(nest(2, '(', lineBreak(''), join(lineBreak(), jaxprs)), lineBreak(''), ')');
    }
    const shown = items.map((item) => this.#param(item, lists));
    if (lists && !items.some(Array.isArray)) return ['[', join(', ', shown), ']'];
    return ['(', join(', ', shown), items.length === 1 ? ',)' : ')'];
  }

  #comments({ source, path }: Equation): Document {
    const notes = [];
    if (this.#options.paths === true && path !== '') notes.push(path);
    if (this.#options.sources === true && source !== undefined) notes.push(`${source.file}:${source.line}`);
    return notes.length === 0 ? '' : comment(notes.join(' '));
  }
}

/** A `jit` prints its jaxpr with the names of its operands and results, each name once. */
function suggested(equation: Equation, jaxpr: Jaxpr, names: Names): Names {
  const inner: Names = new Map();
  if (equation.primitive.name !== 'jit') return inner;
  const suggest = (variables: readonly Atom[], like: readonly Atom[]): void => {
    const taken = new Set<Atom>();
    variables.forEach((variable, i) => {
      const outer = like[i];
      if (variable instanceof Literal || outer === undefined || outer instanceof Literal) return;
      const name = names.get(outer);
      if (name === undefined || name === '_' || taken.has(outer) || inner.has(variable)) return;
      taken.add(outer);
      inner.set(variable, name);
    });
  };
  suggest(jaxpr.inputs, equation.inputs);
  suggest(jaxpr.outputs, equation.outputs);
  return inner;
}

/** The items with a break before each that is taken only when the line is full. */
function fill(items: readonly string[], separator = ''): Document {
  return nest(2, group(join([separator, group(lineBreak())], items)));
}

function nearest(equations: readonly Document[], focus: number): Document[] {
  const from = Math.max(0, focus - CONTEXT);
  const to = focus + CONTEXT + 1;
  const marked = equations.map((equation, i) => (i === focus ? [equation, comment('<- here')] : equation));
  return [...(from > 0 ? ['...'] : []), ...marked.slice(from, to), ...(to < equations.length ? ['...'] : [])];
}

/** a, b, ..., z, ba, bb, ... (base 26, as JAX counts). */
function alphabetic(n: number): string {
  const digit = String.fromCharCode(97 + (n % 26));
  return n < 26 ? digit : alphabetic(Math.floor(n / 26)) + digit;
}

/** The inverse of `camelCase`. */
function snakeCase(name: string): string {
  const snake = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return camelCase(snake) === name ? snake : name;
}
