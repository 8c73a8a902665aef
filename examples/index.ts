/** The examples that train, by name; each is loaded when it is wanted. */
import type { Example } from './support/example.ts';

export const EXAMPLES: Readonly<Record<string, () => Promise<Example>>> = {
  digits: async () => (await import('./digits.ts')).digits,
  cnn: async () => (await import('./cnn.ts')).cnn,
  'char-rnn': async () => (await import('./char-rnn.ts')).charRnn,
  transformer: async () => (await import('./transformer.ts')).transformer,
  'heat-equation': async () => (await import('./heat-equation.ts')).heatEquation,
  vae: async () => (await import('./vae.ts')).vae,
};
