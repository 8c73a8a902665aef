/** `npm run -s bench -- <suite> [--json] [--check]` */
import type { Line } from './line.ts';
import { loops } from './loops/index.ts';
import { nnx } from './nnx/index.ts';

const SUITES: Readonly<Record<string, (progress: (text: string) => void) => AsyncIterable<Line>>> = { loops, nnx };

const args = process.argv.slice(2);
const flags = args.filter((arg) => arg.startsWith('--'));
const [name, ...rest] = args.filter((arg) => !arg.startsWith('--'));
const suite = name === undefined ? undefined : SUITES[name];
const unknown = flags.find((flag) => flag !== '--json' && flag !== '--check');

if (suite === undefined || unknown !== undefined || rest.length > 0) {
  console.error(`usage: npm run -s bench -- <${Object.keys(SUITES).join('|')}> [--json] [--check]`);
  process.exitCode = 2;
} else {
  const missed = await run(suite, flags.includes('--json'));
  if (flags.includes('--check') && missed > 0) process.exitCode = 1;
}

/** Prints the lines as they come; gives the number of bounds that were missed. */
async function run(start: NonNullable<typeof suite>, json: boolean): Promise<number> {
  const progress = (text: string): void => {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
  };
  let missed = 0;
  for await (const { name: title, figures, bounds } of start(progress)) {
    progress('');
    missed += bounds.filter(({ holds }) => !holds).length;
    console.log(json ? JSON.stringify({ name: title, ...figures, bounds }) : table(title, figures, bounds));
  }
  return missed;
}

function table(title: string, figures: Line['figures'], bounds: Line['bounds']): string {
  const rows = Object.entries(figures).map(([figure, value]) => `  ${figure.padEnd(28)} ${value}`);
  const held = bounds.map(({ text, holds }) => `  ${holds ? 'holds ' : 'MISSED'} ${text}`);
  return [title, ...rows, ...held].join('\n');
}
