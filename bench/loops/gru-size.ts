/** The GRU that all libraries compute. */
export const WIDTH = 128;
export const BATCH = 32;
