/** The data sets from the server of the page. */
import { gunzip } from 'heddle/io';
import type { DataSets } from '../support/example.ts';
import { digitsFromCsv, namesFromText, novelFromChapters } from '../support/parse-data.ts';

const digits = async (): ReturnType<DataSets['digits']> => digitsFromCsv(await text('digits.csv.gz'));

export const downloads: DataSets = {
  digits,
  images: digits,
  names: async () => namesFromText(await text('names.txt')),
  novel: () => novelFromChapters((number) => text(`chapter_${number}.txt`)),
};

async function text(file: string): Promise<string> {
  const response = await fetch(`data/${file}`);
  if (!response.ok) throw new Error(`${file} cannot be loaded: ${response.status} ${response.statusText}`);
  return new TextDecoder().decode(await gunzip(new Uint8Array(await response.arrayBuffer())));
}
