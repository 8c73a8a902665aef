/** Grey pictures as text: two pixels a character, one above the other. */
import type { Picture } from './example.ts';

const SHADES = ' .:-=+*#%@';

/** Pictures side by side. */
export function drawPictures(pictures: readonly Picture[]): string {
  const height = Math.max(...pictures.map((picture) => Math.ceil(picture.height / 2)));
  const rows = Array.from({ length: height }, (_, row) => pictures.map((picture) => drawRow(picture, row)).join('  '));
  return rows.join('\n');
}

/** A character is about twice as high as wide. */
function drawRow({ width, height, pixels }: Picture, row: number): string {
  const at = (y: number, x: number): number => (y < height ? pixels[y * width + x]! : 0);
  const shade = (x: number): number => (at(2 * row, x) + at(2 * row + 1, x)) / 2;
  return Array.from({ length: width }, (_, x) => SHADES[Math.min(9, Math.max(0, Math.round(shade(x) * 9)))]).join('');
}
