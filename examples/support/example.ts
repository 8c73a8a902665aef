/** What the training examples have in common: what they are given, and what they give. */
import type { LabelledImages } from './labelled-images.ts';

/** The data sets: files in a terminal, downloads in the page. */
export interface DataSets {
  /** 1,797 handwritten digits of 8x8 pixels, ten classes. */
  digits(): Promise<LabelledImages>;
  /** The images that the user gave, else the digits. */
  images(): Promise<LabelledImages>;
  /** Some 5,000 English first names, lower case, in alphabetical order. */
  names(): Promise<readonly string[]>;
  /** The first chapters of Moby-Dick. */
  novel(): Promise<string>;
}

/** Where a training is kept, so that another run can go on with it. */
export interface Keeper {
  /** Fills the parts with what was kept last, and gives the step that had been reached; 0 when the training begins anew. */
  restore(parts: Readonly<Record<string, unknown>>): Promise<number>;
  save(step: number, parts: Readonly<Record<string, unknown>>): Promise<void>;
}

export interface Setting {
  readonly data: DataSets;
  readonly keeper: Keeper;
  /** How many steps to train. */
  readonly steps: number;
  /** Of all random numbers. */
  readonly seed: number;
  /** Shows how far the training is. */
  report(step: number, figures: Readonly<Record<string, number>>): void;
}

/** Grey pixels, 0 black to 1 white, row by row. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly pixels: ArrayLike<number>;
}

export interface Outcome {
  /** What was reached, such as the accuracy. */
  readonly figures: Readonly<Record<string, number>>;
  /** What the model wrote or found. */
  readonly text?: string;
  readonly pictures?: readonly Picture[];
}

export interface Example {
  readonly title: string;
  /** How many steps it takes to see something. */
  readonly steps: number;
  train(setting: Setting): Promise<Outcome>;
}
