/** What debug.print has printed and will print: lines appear in the order of the calls, each when its values have arrived. */

/** Takes a line of debug.print. */
export type PrintSink = (line: string) => void;

let sink: PrintSink = (line) => console.log(line);
let printed: Promise<void> = Promise.resolve();

/** Prints the lines, after all that are due before them. */
export function printLines(lines: Promise<readonly string[]>): void {
  lines.catch(() => {}); // It is handled when its turn comes.
  printed = printed.then(async () => {
    try {
      for (const line of await lines) sink(line);
    } catch (error) {
      // Of values that were never computed, and of a sink that threw.
      console.error('debug.print:', error);
    }
  });
}

/** Lines go to `next` from now on; gives the sink they went to before. The first one is console.log. */
export function setPrintSink(next: PrintSink): PrintSink {
  const before = sink;
  sink = next;
  return before;
}

/** Resolves when everything that debug.print was to print so far has been printed. The counterpart of jax.effects_barrier. */
export async function barrier(): Promise<void> {
  await printed;
}
