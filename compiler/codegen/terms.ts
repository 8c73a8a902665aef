/**
 * Expressions and indices as one hash-consed graph: equal subexpressions become one term, which knows how often it is used and on
 * which index variables it depends. What to name, and where, follows from that.
 */
import type { DType } from '../dtype.ts';
import type { Expr, WgslHelper } from '../scalar/expression.ts';
import type { Index } from '../scalar/indices.ts';
import { bitsOf, literal, wgslType } from './literals.ts';
import { asFactor, asOperand, asSummand } from './precedence.ts';
import { productWithZero } from './zero-products.ts';

export interface Term {
  readonly id: number;
  /** `bound` terms are given their text by the kernel: index variables and results of stages. */
  readonly kind: 'literal' | 'bound' | 'index' | 'load' | 'value';
  readonly args: readonly Term[];
  /** The WGSL of the term, given that of its arguments. */
  readonly write: (args: readonly string[]) => string;
  /** The names that the kernel must have bound where the term is written. */
  readonly needs: ReadonlySet<string>;
  /** How often terms and statements write it. */
  uses: number;
}

/** An element of an array. */
export interface Place {
  readonly array: string;
  readonly index: Index;
  /** A name that is bound where the element has the value that is meant; without one it never changes. */
  readonly during?: string;
}

/** What terms refer to at module scope. */
export interface ModuleScope {
  /** From where a kernel loads an element of a buffer. */
  load(buffer: number, dtype: DType, index: Index): Place;
  require(helper: WgslHelper): void;
  requireFloat16(): void;
}

/** The name under which the result of a reduction stage is bound. */
export function stageName(stage: number): string {
  return `stage ${stage}`;
}

export class TermTable {
  readonly #scope: ModuleScope;
  readonly #terms = new Map<Expr | Index, Term>();
  readonly #interned = new Map<string, Term>();

  constructor(scope: ModuleScope) {
    this.#scope = scope;
  }

  /** How many different terms there are: a measure of the length of the kernel. */
  get size(): number {
    return this.#interned.size;
  }

  /** Counts a statement that writes the expression. */
  use(node: Expr | Index): void {
    this.of(node).uses++;
  }

  of(node: Expr | Index): Term {
    const known = this.#terms.get(node);
    if (known !== undefined) return known;
    if ('dtype' in node && node.dtype === 'float16') this.#scope.requireFloat16();
    const term = 'dtype' in node ? this.#expression(node) : this.#index(node);
    this.#terms.set(node, term);
    return term;
  }

  #expression(expr: Expr): Term {
    switch (expr.kind) {
      case 'constant':
        return this.#constant(expr.dtype, expr.value);
      case 'load': {
        const { array, index, during } = this.#scope.load(expr.buffer, expr.dtype, expr.index);
        const test = expr.dtype === 'bool' ? ' != 0u' : '';
        const position = this.of(index);
        const needs = during === undefined ? position.needs : new Set([...position.needs, during]);
        return this.#intern('load', [position], ([at]) => `${array}[${at}]${test}`, needs);
      }
      case 'index':
        return expr.dtype === 'uint32' ? this.of(expr.index) : this.#unary('value', expr.index, (index) => `i32(${index})`);
      case 'apply':
        return this.#apply(productWithZero(expr) ?? expr);
      case 'select': {
        const args = [expr.condition, expr.yes, expr.no].map((arg) => this.of(arg));
        return this.#intern('value', args, ([condition, yes, no]) => `select(${no}, ${yes}, ${condition})`);
      }
      case 'reduced':
        return this.#bound(stageName(expr.stage));
    }
  }

  #constant(dtype: DType, value: number): Term {
    const text = literal(dtype, value);
    if (text !== undefined) return this.#intern('literal', [], () => text);
    const bits = this.#intern('literal', [], () => `0x${bitsOf(value).toString(16)}u`);
    return this.#intern('value', [bits], (args) => {
      const float = `bitcast<f32>(${args[0]})`;
      return dtype === 'float32' ? float : `${wgslType(dtype)}(${float})`;
    });
  }

  #apply({ fn, args, dtype }: Expr & { kind: 'apply' }): Term {
    const operand = args[0]?.dtype ?? dtype;
    fn.helpers(operand, dtype).forEach((helper) => this.#scope.require(helper));
    const terms = args.map((arg) => this.of(arg));
    const whole = this.#intern('value', terms, (texts) => {
      const operands = texts.map(asOperand);
      // A function of one argument brings its own parentheses.
      return operands.reduce(
        (text, arg) => (arg.startsWith('(') ? text.replaceAll(`(${arg})`, arg) : text),
        fn.wgsl(operands, operand, dtype),
      );
    });
    return fn.component === undefined ? whole : this.#intern('value', [whole], ([text]) => `${text}.${fn.component}`);
  }

  #index(index: Index): Term {
    switch (index.kind) {
      case 'constant':
        return this.#intern('literal', [], () => `${index.value >>> 0}u`);
      case 'variable':
        return this.#bound(index.name);
      case 'add':
        return this.#sum(index.a, index.b);
      case 'scale':
        return this.#unary('index', index.a, (a) => (index.by < 0 ? `0u - ${product(a, -index.by)}` : product(a, index.by)));
      case 'divide':
        return this.#unary('index', index.a, (a) => `${asOperand(a)} / ${index.by}u`);
      case 'modulo':
        return this.#unary('index', index.a, (a) => `${asOperand(a)} % ${index.by}u`);
      case 'dynamic':
        if (index.value.dtype === 'uint32') return this.of(index.value);
        return this.#unary('index', index.value, (value) => `u32(${value})`);
    }
  }

  /** Negative constants and factors are subtracted, since u32 has no negative literals. */
  #sum(a: Index, b: Index): Term {
    if (isNegated(a) && !isNegated(b)) return this.#sum(b, a);
    if (b.kind === 'constant' && b.value < 0) return this.#unary('index', a, (x) => `${asSummand(x)} - ${-b.value}u`);
    if (b.kind === 'scale' && b.by < 0) return this.#binary(a, b.a, (x, y) => `${asSummand(x)} - ${product(y, -b.by)}`);
    return this.#binary(a, b, (x, y) => `${asSummand(x)} + ${asFactor(y)}`);
  }

  #bound(name: string): Term {
    return this.#intern('bound', [], () => name, new Set([name]));
  }

  #unary(kind: Term['kind'], arg: Expr | Index, write: (text: string) => string): Term {
    return this.#intern(kind, [this.of(arg)], ([text = '']) => write(text));
  }

  #binary(a: Index, b: Index, write: (a: string, b: string) => string): Term {
    return this.#intern('index', [this.of(a), this.of(b)], ([x = '', y = '']) => write(x, y));
  }

  #intern(kind: Term['kind'], args: readonly Term[], write: Term['write'], needs = union(args)): Term {
    const key = `${kind} ${write(args.map(placeholder))}`;
    const known = this.#interned.get(key);
    if (known !== undefined) return known;
    const term: Term = { id: this.#interned.size, kind, args, write, needs, uses: 0 };
    this.#interned.set(key, term);
    // A function may write an argument several times, or not at all.
    new Set(args).forEach((arg) => (arg.uses += key.split(placeholder(arg)).length - 1));
    return term;
  }
}

function placeholder(term: Term): string {
  return `#${term.id}#`;
}

function isNegated(index: Index): boolean {
  return (index.kind === 'constant' && index.value < 0) || (index.kind === 'scale' && index.by < 0);
}

function product(text: string, by: number): string {
  return by === 1 ? asFactor(text) : `${asFactor(text)} * ${by}u`;
}

function union(terms: readonly Term[]): ReadonlySet<string> {
  const sets = terms.map((term) => term.needs).filter((needs) => needs.size > 0);
  return sets.length === 1 && sets[0] !== undefined ? sets[0] : new Set(sets.flatMap((needs) => [...needs]));
}
