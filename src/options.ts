/**
 * The options that end a call. A destructuring passes over a misspelt name, and the call would answer another question than was
 * asked: so names and dtypes are checked.
 */
import { DTYPES, isDType } from '../compiler/dtype.ts';
import type { DType } from '../compiler/dtype.ts';
import type { HeddleError } from '../compiler/errors.ts';
import { describeValue } from './trace/literal.ts';
import { userError } from './trace/user-error.ts';

/**
 * The values of `given`, and those of `defaults` for what it leaves out. The keys of `defaults` are all the options there are.
 *
 * @throws VALUE for an option of another name, and for what is no object of options; DTYPE for an unknown `dtype`.
 */
export function readOptions<Options extends object>(call: string, given: Partial<Options>, defaults: Options): Options {
  if (Object.prototype.toString.call(given) !== '[object Object]') throw notOptions(call, given, defaults);
  const entries = Object.entries(given).filter(([, value]) => value !== undefined);
  for (const [name, value] of entries) {
    if (!Object.hasOwn(defaults, name)) throw unknownOption(call, name, value, defaults);
    if (name === 'dtype') knownDType(call, value);
  }
  return { ...defaults, ...Object.fromEntries(entries) };
}

/** `dtype`, if it is one; `fix` is the call with a dtype that there is. @throws DTYPE */
export function knownDType(
  call: string,
  dtype: unknown,
  fix: (known: DType) => string = (known) => `${call}(..., { dtype: '${known}' })`,
): DType {
  if (isDType(dtype)) return dtype;
  const name = String(dtype);
  const nearest = DTYPES.find((known) => name.startsWith(known.slice(0, 3))) ?? 'float32';
  throw userError('DTYPE', `${call}: ${describeValue(dtype)} is not a dtype; the dtypes are ${DTYPES.join(', ')}`, {
    fix: fix(nearest),
  });
}

function notOptions(call: string, given: unknown, defaults: object): HeddleError {
  const names = Object.keys(defaults);
  const known = isDType(given) ? 'dtype' : typeof given === 'number' ? 'axis' : undefined;
  const option = known !== undefined && names.includes(known) ? `${known}: ${quoted(given)}` : example(defaults);
  const problem = `${call}: options are an object of ${names.join(', ')}, not ${describeValue(given)}`;
  return userError('VALUE', problem, { fix: `${call}(..., { ${option} })` });
}

function unknownOption(call: string, name: string, value: unknown, defaults: object): HeddleError {
  const names = Object.keys(defaults);
  const plain = (text: string): string => text.replaceAll('_', '').toLowerCase();
  const meant = names.find((known) => plain(known) === plain(name));
  const option = meant === undefined ? example(defaults) : `${meant}: ${quoted(value)}`;
  const problem = `${call}: there is no option ${name}; the options are ${names.join(', ')}`;
  return userError('VALUE', problem, { fix: `${call}(..., { ${option} })` });
}

/** The first option with its default, or with the value that is most often wanted where that is no value of its own. */
function example(defaults: object): string {
  const [[name, value] = ['', undefined]] = Object.entries(defaults);
  const wanted: Readonly<Record<string, unknown>> = { axis: 0, dtype: 'float32' };
  return `${name}: ${quoted(value ?? wanted[name] ?? 0)}`;
}

function quoted(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : String(JSON.stringify(value));
}
