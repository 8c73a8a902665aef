/** The function that a transform was given. */
import { describeValue } from './literal.ts';
import { userError } from './user-error.ts';

/** Its name, for jaxprs and messages. @throws VALUE for anything that is no function. */
export function calleeName(transform: string, f: unknown, example: string = `${transform}((x) => x.add(1))`): string {
  if (typeof f === 'function') return f.name || 'anonymous';
  const isModule = typeof f === 'object' && f !== null && 'forward' in f;
  throw userError('VALUE', `${transform}: ${describeValue(f)} is not a function`, {
    fix: isModule ? `${transform}((model, x) => model.forward(x))` : example,
  });
}
