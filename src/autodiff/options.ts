/** The options of derivatives. */
import type { Filter } from '../nnx/filters.ts';
import { toPredicate } from '../nnx/filters.ts';
import { readOptions } from '../options.ts';
import { describeValue } from '../trace/literal.ts';
import { userError } from '../trace/user-error.ts';
import type { Argnums } from './types.ts';

export interface WrtOptions {
  /**
   * Which Variables of modules and States are differentiated: a class, a tag or a predicate. Default: Params, and all of a
   * State.
   */
  readonly wrt?: Filter;
}

export interface DerivativeOptions<N extends Argnums = Argnums> extends WrtOptions {
  /** The positions of the arguments that are differentiated. Default 0. */
  readonly argnums?: N;
}

/** `f` returns `[value, aux]`; what is in `aux` is passed through, without derivatives. */
export interface WithAux {
  readonly hasAux: true;
}

export interface WithoutAux {
  readonly hasAux?: false;
}

export interface DerivativeChoices {
  readonly argnums: Argnums;
  readonly hasAux: boolean;
  readonly wrt: Filter | undefined;
}

export function readDerivativeOptions(call: string, options: object): DerivativeChoices {
  const choices = readOptions<DerivativeChoices>(call, options, { argnums: 0, hasAux: false, wrt: undefined });
  if (choices.wrt !== undefined) toPredicate(choices.wrt);
  return choices;
}

/** The positions that `argnums` names. @throws VALUE for one that the call does not have. */
export function positionsOf(name: string, argnums: Argnums, count: number): number[] {
  const wanted = typeof argnums === 'number' ? [argnums] : [...argnums];
  const positions = wanted.map((argnum) => {
    const position = argnum < 0 ? argnum + count : argnum;
    if (Number.isInteger(argnum) && position >= 0 && position < count) return position;
    throw userError('VALUE', `${name}: argnums names argument ${argnum}, and the call has ${count}`, {
      fix: count === 0 ? 'grad((x) => np.sum(x))(x)' : `{ argnums: ${count - 1} }`,
    });
  });
  if (new Set(positions).size === positions.length) return positions;
  throw userError('VALUE', `${name}: argnums [${wanted.join(', ')}] name one argument twice`, {
    fix: `{ argnums: [${[...new Set(positions)].join(', ')}] }`,
  });
}

export interface TrailingChoices {
  readonly hasAux: boolean;
  readonly wrt: Filter | undefined;
}

export interface TrailingOptions {
  readonly primals: readonly unknown[];
  readonly choices: TrailingChoices;
}

/**
 * Divides the arguments of `vjp(f, ...primals, options)`. An object of nothing but a boolean `hasAux` and a filter `wrt` holds
 * nothing that could be differentiated, so it can only be the options.
 */
export function readTrailingOptions(given: readonly unknown[]): TrailingOptions {
  const last = given.at(-1);
  if (!isOptions(last)) return { primals: given, choices: { hasAux: false, wrt: undefined } };
  return { primals: given.slice(0, -1), choices: { hasAux: last.hasAux ?? false, wrt: last.wrt } };
}

function isOptions(value: unknown): value is Partial<TrailingChoices> {
  if (Object.prototype.toString.call(value) !== '[object Object]') return false;
  const entries = Object.entries(value as object);
  const isOption = ([name, given]: [string, unknown]): boolean => {
    if (name === 'hasAux') return typeof given === 'boolean';
    return name === 'wrt' && (typeof given === 'function' || typeof given === 'string');
  };
  return entries.length > 0 && entries.every(isOption);
}

/** @throws VALUE for a list where a list of arguments belongs. */
export function checkList(call: string, what: string, value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw userError('VALUE', `${call}: the ${what} are an array with one entry per argument, not ${describeValue(value)}`, {
    fix: 'jvp(f, [x], [dx])',
  });
}
