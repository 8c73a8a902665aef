#!/usr/bin/env node
/** The command `heddle`. */
import { runCommand } from './command.ts';
import { examine, heddleVersion } from './examine.ts';

process.exitCode = await runCommand(process.argv.slice(2), {
  examine,
  version: heddleVersion,
  print: (text) => console.log(text),
  printError: (text) => console.error(text),
});
