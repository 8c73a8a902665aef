/** The derivative of digamma, which is no primitive: it is needed in second derivatives of lgamma only. */
import type { Atom } from '../../ir/jaxpr.ts';
import type { Builder } from '../../ir/builder.ts';

/** How far the recurrence moves x before the asymptotic series is taken. */
const STEPS = 6;

/** trigamma(x) = 1/x^2 + trigamma(x + 1); below 1/2 by reflection, (pi / sin(pi x))^2 - trigamma(1 - x). */
export function trigamma(o: Builder, x: Atom): Atom {
  const reflected = o.lt(x, 0.5);
  const start = o.selectN(reflected, x, o.sub(1, x));
  const terms = Array.from({ length: STEPS }, (_, i) => o.integerPow(o.add(start, i), { y: -2 }));
  const r = o.div(1, o.add(start, STEPS));
  const z = o.square(r);
  const series = o.mul(z, o.sub(1 / 6, o.mul(z, o.sub(1 / 30, o.mul(z, o.sub(1 / 42, o.div(z, 30)))))));
  const direct = terms.reduce((sum, term) => o.add(sum, term), o.add(o.add(r, o.div(z, 2)), o.mul(r, series)));
  const sine = o.sin(o.mul(Math.PI, o.sub(x, o.round(x))));
  return o.selectN(reflected, direct, o.sub(o.square(o.div(Math.PI, sine)), direct));
}
