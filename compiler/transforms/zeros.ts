/** Symbolic zeros made real, and tangents of exactly the type of their value. */
import type { Builder } from '../ir/builder.ts';
import { sameAval } from '../ir/jaxpr.ts';
import type { Atom, Aval } from '../ir/jaxpr.ts';

/** Zeros of the type of a value. */
export function zeros(o: Builder, aval: Aval): Atom {
  return o.full(0, aval);
}

/** The atom with the dtype and the weakness of `aval`. */
export function settle(o: Builder, atom: Atom, aval: Aval): Atom {
  if (sameAval(atom.aval, aval)) return atom;
  return o.convertElementType(atom, { newDtype: aval.dtype, weakType: aval.weak });
}
