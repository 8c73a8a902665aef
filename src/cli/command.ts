/** What the command `heddle` does with its arguments. */
import { parseArgs } from 'node:util';
import { diagnose } from './doctor.ts';
import type { Examination } from './doctor.ts';

/** The world outside, so that tests can replace it. */
export type Surroundings = {
  examine(): Promise<Examination>;
  version(): string;
  print(text: string): void;
  printError(text: string): void;
};

const HELP = `usage: heddle <command> [options]

Commands:
  doctor         says what this machine has for running WGSL, and what to do about what is missing;
                 the exit code is 0 when WGSL can run

Options:
  -h, --help     prints this text
  -v, --version  prints the version of Heddle`;

/** Returns the exit code: 0 when all is well, 1 when the command found a problem, 2 when the arguments make no sense. */
export async function runCommand(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const { print, printError } = surroundings;
  const parsed = parse(args);
  if ('error' in parsed) {
    printError(`heddle: ${parsed.error}\n\n${HELP}`);
    return 2;
  }
  if (parsed.help) print(HELP);
  else if (parsed.version) print(surroundings.version());
  else return doctor(surroundings);
  return 0;
}

async function doctor({ examine, print }: Surroundings): Promise<number> {
  const { text, usable } = diagnose(await examine());
  print(text);
  return usable ? 0 : 1;
}

type Arguments = { help: boolean; version: boolean };

function parse(args: readonly string[]): Arguments | { error: string } {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { help: { type: 'boolean', short: 'h' }, version: { type: 'boolean', short: 'v' } },
    });
    const [command, extra] = positionals;
    const { help = false, version = false } = values;
    if (help || version) return { help, version };
    if (command === undefined) return { error: 'no command was given' };
    if (command !== 'doctor') return { error: `'${command}' is not a command` };
    if (extra !== undefined) return { error: `doctor takes no arguments, and got '${extra}'` };
    return { help, version };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}
