/** Reads what `printJaxpr` writes. */
import { fromShortName, isFloat, isInteger, roundTo } from '../dtype.ts';
import { findPrimitive } from '../primitives/index.ts';
import { camelCase } from '../primitives/primitive.ts';
import { equationProblem } from './check.ts';
import { Jaxpr, Literal, Var } from './jaxpr.ts';
import type { Atom, Aval, Equation, Param, Params } from './jaxpr.ts';
import { Reader } from './reader.ts';
import { WORDS } from './values.ts';

const NAME: RegExp = /[a-z_]\w*/y;
const BINDER: RegExp = /([a-z_]\w*)\s*:/y;
const TYPE: RegExp = /(~?)(\w+)\[([\d,\s]*)\]/y;
/** A variable that is read: not the start of the next equation, whose names are followed by `:` or whose primitive by `[`. */
const OPERAND: RegExp = /(?!in\b)[a-z]\w*(?![\w[]|\s*:)/y;
const LITERAL: RegExp = /(-?\d+(?:\.\d+)?(?:e[+-]?\d+)?|-?inf|nan|True|False)(?=:)/y;
const KEY: RegExp = /([a-z]\w*)\s*=/y;
const NUMBER: RegExp = /-?\d+(?:\.\d+)?(?:e[+-]?\d+)?|-inf/y;
const QUOTED: RegExp = /"(?:[^"\\]|\\.)*"/y;
const BARE: RegExp = /[A-Za-z_$][\w$.]*|<[\w$.]+>/y;

/** The variables of the jaxpr being read, by name. Jaxprs among parameters see none of it. */
type Scope = Map<string, Var>;

/**
 * The jaxpr that a text denotes: `parseJaxpr(printJaxpr(j))` equals `j`. Every equation is checked against its primitive's type
 * rule. Throws IR_SYNTAX for text that does not parse (line, column, what was expected) and IR_TYPE for ill-typed equations.
 */
export function parseJaxpr(text: string): Jaxpr {
  const reader = new Reader(text);
  const jaxpr = readJaxpr(reader);
  if (!reader.atEnd) throw reader.expected('the end of the text');
  return jaxpr;
}

function readJaxpr(reader: Reader): Jaxpr {
  const scope: Scope = new Map();
  reader.expect('{');
  reader.expect('lambda');
  const consts = readBinders(reader, scope);
  reader.expect(';');
  const inputs = readBinders(reader, scope);
  reader.expect('.');
  reader.expect('let');
  const equations: Equation[] = [];
  while (reader.peek(/in\b/y) === undefined) {
    equations.push(readEquation(reader, scope));
    reader.skip(';');
  }
  reader.expect('in');
  reader.expect('(');
  const outputs = readList(reader, ')', () => readOperand(reader, scope));
  reader.expect('}');
  return new Jaxpr(consts, inputs, equations, outputs);
}

function readBinders(reader: Reader, scope: Scope): Var[] {
  const variables: Var[] = [];
  for (;;) {
    const start = reader.position;
    const name = reader.accept(BINDER)?.[1];
    if (name === undefined) return variables;
    const variable = new Var(readType(reader));
    if (scope.has(name)) throw reader.error(`\`${name}\` is bound a second time`, start);
    if (name !== '_') scope.set(name, variable);
    variables.push(variable);
  }
}

function readType(reader: Reader): Aval {
  const match = reader.peek(TYPE);
  const dtype = fromShortName(match?.[2] ?? '');
  if (match === undefined || dtype === undefined) throw reader.expected('a type such as `f32[2,3]`');
  reader.accept(TYPE);
  const shape = (match[3]!.match(/\d+/g) ?? []).map(Number);
  return { dtype, shape, weak: match[1] === '~' };
}

function readEquation(reader: Reader, scope: Scope): Equation {
  // The results come into scope behind the equation: it cannot read them.
  const bound: Scope = new Map();
  const outputs = readBinders(reader, bound);
  if (outputs.length > 0) reader.expect('=');
  const start = reader.position;
  const name = reader.accept(NAME)?.[0];
  if (name === undefined) throw reader.expected(outputs.length > 0 ? 'the name of a primitive' : 'an equation or `in`');
  const primitive = findPrimitive(name);
  if (primitive === undefined) throw reader.error(`there is no primitive \`${name}\``, start);
  const params = readParams(reader);
  const inputs: Atom[] = [];
  while (reader.peek(OPERAND) ?? reader.peek(LITERAL)) inputs.push(readOperand(reader, scope));
  const equation: Equation = { primitive, inputs, params, outputs, source: undefined, path: '' };
  const problem = equationProblem(equation);
  if (problem !== undefined) throw reader.error(problem.text, start, 'IR_TYPE', problem.cause);
  for (const [output, variable] of bound) {
    if (scope.has(output)) throw reader.error(`\`${output}\` is bound a second time`, start);
    scope.set(output, variable);
  }
  return equation;
}

function readOperand(reader: Reader, scope: Scope): Atom {
  const literal = reader.accept(LITERAL)?.[1];
  if (literal !== undefined) return readLiteral(reader, literal);
  const start = reader.position;
  const name = reader.accept(OPERAND)?.[0];
  if (name === undefined) throw reader.expected('a variable or a literal such as `2.0:f32[]`');
  const variable = scope.get(name);
  if (variable === undefined) throw reader.error(`\`${name}\` is not bound here`, start);
  return variable;
}

function readLiteral(reader: Reader, text: string): Literal {
  reader.expect(':');
  const start = reader.position;
  const type = readType(reader);
  const value = roundTo(type.dtype, toNumber(text));
  const exact = isFloat(type.dtype) ? /\d|nan|inf/ : type.dtype === 'bool' ? /True|False/ : /^-?\d+$/;
  if (type.shape.length > 0) throw reader.error(`literals are scalars`, start);
  if (!exact.test(text) || (isInteger(type.dtype) && value !== toNumber(text))) {
    throw reader.error(`${text} is not a value of ${type.dtype}`, start);
  }
  return new Literal(value, type);
}

function readParams(reader: Reader): Params {
  const params: Record<string, Param> = {};
  if (!reader.skip('[')) return params;
  while (!reader.skip(']')) {
    const key = reader.accept(KEY)?.[1];
    if (key === undefined) throw reader.expected('a parameter `name=value` or `]`');
    params[camelCase(key)] = readParam(reader);
  }
  return params;
}

function readParam(reader: Reader): Param {
  if (reader.peek(/\{/y)) return readJaxpr(reader);
  if (reader.skip('(')) return readList(reader, ')', () => readParam(reader));
  if (reader.skip('[')) return readList(reader, ']', () => readParam(reader));
  const number = reader.accept(NUMBER)?.[0];
  if (number !== undefined) return toNumber(number);
  const quoted = reader.accept(QUOTED)?.[0];
  if (quoted !== undefined) return JSON.parse(quoted) as string;
  const bare = reader.accept(BARE)?.[0];
  if (bare === undefined) throw reader.expected('a number, a name, a tuple or a jaxpr');
  if (reader.skip('(')) return readList(reader, ')', () => readField(reader));
  const word = WORDS.get(bare);
  return word === undefined ? bare : word;
}

/** `name=value` of a named tuple, whose items are the values: what they are called follows from the primitive. */
function readField(reader: Reader): Param {
  reader.accept(KEY);
  return readParam(reader);
}

/** Items up to the closing bracket, with commas between them or, for jaxprs, without. */
function readList<T>(reader: Reader, close: string, readItem: () => T): T[] {
  const items: T[] = [];
  while (!reader.skip(close)) {
    items.push(readItem());
    reader.skip(',');
  }
  return items;
}

function toNumber(text: string): number {
  if (text === '-inf') return -Infinity;
  const word = WORDS.get(text);
  return Number(word === undefined ? text : word);
}
