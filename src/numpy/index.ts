/** The namespace `np`. */
export * as np from './api.ts';
