/** Every number by which the passes decide. None depends on the trip count of a loop, so that the kernels of a program do not. */

/**
 * What a loop hands over, so that work can be done before or after it, may take this many times the bytes that the loop reads as
 * slices and stacks anyway.
 */
export const STACK_GROWTH = 4;

/** So may results of contractions and reductions that are stored for all steps at once and neither handed over nor given out. */
export const INTERMEDIATE_GROWTH = 2;
