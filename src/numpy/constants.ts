/** Numbers under their NumPy names. */

export const pi: number = Math.PI;
export const e: number = Math.E;
export const eulerGamma = 0.5772156649015329;
export const inf: number = Infinity;
export const nan: number = NaN;
/** In `np.slice`: a new axis of extent 1. */
export const newaxis = null;
