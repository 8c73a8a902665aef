/** The data sets from the texts of their files. */
import { readCsv } from 'heddle/io';
import type { LabelledImages } from './labelled-images.ts';

const DIGIT = { height: 8, width: 8, brightest: 16 };

/** A row a digit: 64 pixels in 0..16, then the class. */
export function digitsFromCsv(csv: string): LabelledImages {
  const { height, width, brightest } = DIGIT;
  const { data, shape } = readCsv(csv, { header: false }).data;
  const [count, columns] = [shape[0]!, shape[1]!];
  const size = height * width;
  const at = (row: number, column: number): number => data[row * columns + column]!;
  return {
    count,
    height,
    width,
    pixels: Float32Array.from({ length: count * size }, (_, i) => at(Math.floor(i / size), i % size) / brightest),
    labels: Int32Array.from({ length: count }, (_, row) => at(row, size)),
  };
}

/** A name a line. */
export function namesFromText(text: string): string[] {
  const names = text.split('\n').map((name) => name.trim().toLowerCase());
  return names.filter((name) => /^[a-z]+$/.test(name));
}

/** How many chapters of Moby-Dick are read: about 200,000 letters. */
const CHAPTERS = 20;

/** Plain letters, one blank between words, empty lines between paragraphs. */
export async function novelFromChapters(chapter: (number: number) => Promise<string>): Promise<string> {
  const numbers = Array.from({ length: CHAPTERS }, (_, i) => i + 1);
  const text = (await Promise.all(numbers.map(chapter))).join('\n\n');
  const plain = text.replace(/[‘’]/g, "'").replace(/[“”]/g, '"').replace(/—/g, '--');
  return plain.replace(/[^\n\x20-\x7e]/g, '').replace(/\r?\n(?:\s*\n)+/g, '\n\n').trim();
}
