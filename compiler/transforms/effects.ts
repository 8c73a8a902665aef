/**
 * Effects, taken out of a jaxpr before it is compiled: what they read becomes further outputs, stacked by scans and zero where a
 * branch of a cond was not taken; what to do with these after the call is a list of steps in the order of the program.
 */
import { Builder } from '../ir/builder.ts';
import { Jaxpr, Literal, Var } from '../ir/jaxpr.ts';
import type { Atom, Aval, Equation, Params, Source } from '../ir/jaxpr.ts';
import { calledJaxpr } from '../primitives/control/calls.ts';
import { effectInLoop, hasEffects, isEffectful } from '../primitives/control/guard.ts';
import type { CheckParams, PrintParams } from '../primitives/effects.ts';

/**
 * An operand of an effect: one of the further outputs, which has a leading axis for each loop around the effect, or a constant.
 */
export type Reading = { readonly aval: Aval } & ({ readonly output: number } | { readonly value: number });

interface Origin {
  readonly source: Source | undefined;
  readonly path: string;
}

export type EffectStep =
  | ({ readonly kind: 'print'; readonly operands: readonly Reading[] } & PrintParams & Origin)
  /** Failed where this bit of the output, a uint32, is set. */
  | ({ readonly kind: 'check'; readonly output: number; readonly bit: number } & CheckParams & Origin)
  | { readonly kind: 'loop'; readonly length: number; readonly reverse: boolean; readonly body: readonly EffectStep[] }
  | { readonly kind: 'branch'; readonly index: Reading; readonly cases: readonly (readonly EffectStep[])[] };

export interface Effectless {
  /** Gives the outputs, then the further ones. */
  readonly jaxpr: Jaxpr;
  readonly steps: readonly EffectStep[];
}

/** @throws UNSUPPORTED for an effect in a loop whose number of steps is not known. */
export function takeOutEffects(jaxpr: Jaxpr): Effectless {
  return hasEffects(jaxpr) ? new Extraction(0).run(jaxpr) : { jaxpr, steps: [] };
}

/**
 * The jaxpr with copies in the place of outputs that are inputs: a call that fails makes failed values of its results, not of
 * these.
 */
export function copyInputs(jaxpr: Jaxpr): Jaxpr {
  const inputs = new Set<Atom>([...jaxpr.consts, ...jaxpr.inputs]);
  const o = new Builder();
  o.equations.push(...jaxpr.equations);
  const outputs = jaxpr.outputs.map((output) => (inputs.has(output) ? o.selectN(o.literal(1, 'bool'), output, output) : output));
  return o.build(jaxpr.consts, jaxpr.inputs, outputs);
}

/** Checks whose flags share an output: many outputs of one bit would take a buffer each. */
const FLAGS_PER_WORD = 32;

class Extraction {
  readonly #o = new Builder();
  /** The number of the first further output. */
  readonly #first: number;
  readonly #further: Atom[] = [];
  readonly #steps: EffectStep[] = [];
  /** What the checks read, by the output that has been kept for it. */
  readonly #words: { readonly output: number; readonly flags: Atom[] }[] = [];

  constructor(first: number) {
    this.#first = first;
  }

  run(jaxpr: Jaxpr): Effectless {
    for (const equation of jaxpr.equations) {
      if (isEffectful(equation)) this.#takeOut(equation);
      else this.#o.equations.push(equation);
    }
    for (const { output, flags } of this.#words) this.#further[output - this.#first] = this.#wordOf(flags);
    const outputs = [...jaxpr.outputs, ...this.#further];
    return { jaxpr: new Jaxpr(jaxpr.consts, jaxpr.inputs, this.#o.equations, outputs), steps: this.#steps };
  }

  #takeOut(equation: Equation): void {
    const { primitive, params, source, path } = equation;
    if (primitive.name === 'debug_print') {
      const operands = equation.inputs.map((input) => this.#read(input));
      this.#steps.push({ kind: 'print', ...(params as PrintParams), operands, source, path });
    } else if (primitive.name === 'check') {
      const place = this.#flag(equation.inputs[0]!);
      this.#steps.push({ kind: 'check', ...(params as CheckParams), ...place, source, path });
    } else if (primitive.name === 'cond') {
      this.#cond(equation);
    } else if (primitive.name === 'scan') {
      const { length, reverse } = params as { length: number; reverse: boolean };
      this.#steps.push({ kind: 'loop', length, reverse, body: this.#inside(equation) });
    } else if (calledJaxpr(equation) !== undefined) {
      this.#steps.push(...this.#inside(equation));
    } else {
      throw effectInLoop(equation);
    }
  }

  /** Takes out the effects of the parameter `jaxpr`. */
  #inside(equation: Equation): readonly EffectStep[] {
    const { jaxpr, steps } = this.#next().run(equation.params['jaxpr'] as Jaxpr);
    this.#append(equation, { ...equation.params, jaxpr });
    return steps;
  }

  #cond(equation: Equation): void {
    const index = this.#read(equation.inputs[0]!);
    const branches = equation.params['branches'] as readonly Jaxpr[];
    const own = branches[0]!.outputs.length;
    let given = 0;
    const parts = branches.map((branch) => {
      const part = this.#next(given).run(branch);
      given += part.jaxpr.outputs.length - own;
      return part;
    });
    const further = parts.map(({ jaxpr }) => jaxpr.outputs.slice(own));
    const filled = parts.map(({ jaxpr: { inputs, equations, outputs } }, taken) => {
      const o = new Builder();
      o.equations.push(...equations);
      const all = further.flatMap((atoms, branch) => (branch === taken ? atoms : atoms.map(({ aval }) => o.full(0, aval))));
      return o.build([], inputs, [...outputs.slice(0, own), ...all]);
    });
    this.#append(equation, { ...equation.params, branches: filled });
    this.#steps.push({ kind: 'branch', index, cases: parts.map(({ steps }) => steps) });
  }

  /** An extraction whose outputs are the next ones after those that are there, and after `reserved` more. */
  #next(reserved: number = 0): Extraction {
    return new Extraction(this.#first + this.#further.length + reserved);
  }

  /** Appends the equation with jaxprs that give more outputs. */
  #append(equation: Equation, params: Params): void {
    const types = equation.primitive.type(equation.inputs.map(({ aval }) => aval), params);
    const more = types.slice(equation.outputs.length).map((type) => new Var(type));
    this.#o.equations.push({ ...equation, params, outputs: [...equation.outputs, ...more] });
    this.#further.push(...more);
  }

  #read(atom: Atom): Reading {
    return atom instanceof Literal ? { aval: atom.aval, value: atom.value } : { aval: atom.aval, output: this.#give(atom) };
  }

  #give(atom: Atom): number {
    return this.#first + this.#further.push(atom) - 1;
  }

  /** Keeps a bit for the flag of a check. */
  #flag(flag: Atom): { readonly output: number; readonly bit: number } {
    let word = this.#words.at(-1);
    if (word === undefined || word.flags.length === FLAGS_PER_WORD) {
      word = { output: this.#give(flag), flags: [] };
      this.#words.push(word);
    }
    return { output: word.output, bit: word.flags.push(flag) - 1 };
  }

  #wordOf(flags: readonly Atom[]): Atom {
    const o = this.#o;
    const bits = flags.map((flag, bit) => {
      const word = o.convertElementType(flag, { newDtype: 'uint32', weakType: false });
      return bit === 0 ? word : o.shiftLeft(word, bit);
    });
    return bits.reduce((word, bit) => o.or(word, bit));
  }
}
