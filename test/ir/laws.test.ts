/** Laws of the text, the hash and the verifier over random programs. */
import { describe, expect } from 'vitest';
import { DTYPES } from '../../compiler/dtype.ts';
import { canonicalText, equalJaxprs, hashJaxpr } from '../../compiler/ir/hash.ts';
import { Jaxpr } from '../../compiler/ir/jaxpr.ts';
import { parseJaxpr } from '../../compiler/ir/parse.ts';
import { printJaxpr } from '../../compiler/ir/print.ts';
import { verifyJaxpr } from '../../compiler/ir/verify.ts';
import { property } from '../support/property.ts';
import { randomPrograms } from '../support/random-programs.ts';

const PROGRAMS = randomPrograms({ dtypes: DTYPES });

describe('random programs', () => {
  property('are well-formed', [PROGRAMS], ({ jaxpr }) => verifyJaxpr(jaxpr));

  property(
    'parse(print(j)) equals j, and print(parse(text)) is the text',
    [PROGRAMS],
    ({ jaxpr }) => {
      const text = printJaxpr(jaxpr);
      const parsed = parseJaxpr(text);
      expect(printJaxpr(parsed)).toBe(text);
      expect(canonicalText(parsed)).toBe(canonicalText(jaxpr));
      expect(equalJaxprs(parsed, jaxpr)).toBe(true);
      expect(hashJaxpr(parsed)).toBe(hashJaxpr(jaxpr));
    },
    300,
  );

  property(
    'equal texts, equal jaxprs: one equation less is another jaxpr',
    [PROGRAMS],
    ({ jaxpr }) => {
      const shorter = new Jaxpr(jaxpr.consts, jaxpr.inputs, jaxpr.equations.slice(0, -1), []);
      const longer = new Jaxpr(jaxpr.consts, jaxpr.inputs, jaxpr.equations, []);
      const differ = jaxpr.equations.length > 0;
      expect(printJaxpr(shorter) !== printJaxpr(longer)).toBe(differ);
      expect(hashJaxpr(shorter) !== hashJaxpr(longer)).toBe(differ);
    },
    100,
  );
});
