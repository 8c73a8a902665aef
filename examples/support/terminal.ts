/** `node terminal.js <name> [options]`: trains an example, with a progress bar, a chart of the loss, and a checkpoint at the end. */
import { writeFileSync } from 'node:fs';
import { init } from 'heddle';
import { checkpoint } from 'heddle/io';
import { History, Progress } from 'heddle/training';
import { EXAMPLES } from '../index.ts';
import { readArguments } from './arguments.ts';
import { drawPictures } from './draw.ts';
import { filesOnDisk } from './node-data.ts';

async function run(name: string, args: readonly string[]): Promise<void> {
  const { resume, log, seed, svg, ...options } = readArguments(args);
  const example = await EXAMPLES[name]!();
  const steps = options.steps ?? example.steps;
  const folder = options.folder ?? `checkpoints/${name}`;
  console.log(`${example.title}, on ${(await init()).label}`);

  let history = new History();
  const bar = new Progress({ total: steps, label: name });
  const started = performance.now();
  let begun = 0;
  const { figures, pictures = [], text } = await example.train({
    data: filesOnDisk(options.data),
    steps,
    seed,
    keeper: {
      async restore(parts) {
        if (!resume) return 0;
        const { step, customMetadata } = await checkpoint.restore(folder, parts);
        history = History.from(customMetadata);
        return (begun = step);
      },
      async save(step, parts) {
        await checkpoint.save(folder, { ...parts, step }, { customMetadata: history });
      },
    },
    report(step, figures) {
      history.record(step, figures);
      bar.update(step - begun, figures);
      if (log) for (const [figure, value] of Object.entries(figures)) console.log(`step ${step}: ${figure} ${value}`);
    },
  });
  bar.end();

  console.log(history.chart());
  if (svg !== undefined) writeFileSync(svg, history.svg());
  if (pictures.length > 0) console.log(drawPictures(pictures));
  if (text !== undefined) console.log(text);
  for (const [figure, value] of Object.entries(figures)) console.log(`${figure}: ${value}`);
  console.log(`steps ${begun + 1} to ${begun + steps} in ${((performance.now() - started) / 1000).toFixed(1)} s, kept in ${folder}`);
}

const [name = '', ...args] = process.argv.slice(2);
try {
  await run(name, args);
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
