/** Which WebGPU adapter a Node process gets, as the environment variables with which it has to be started. */
import { findAdapter } from '../src/cli/adapter.ts';
import { probeAdapter } from '../src/cli/probe.ts';
import { thisMachine, unsupported } from '../src/cli/software/package.ts';
import { type AdapterEnv, swiftShader } from '../src/cli/software/swiftshader.ts';

type Choice = 'system' | 'swiftshader' | 'automatic';

/** The choice that the user made by the environment variable HEDDLE_ADAPTER. */
function userChoice(): Choice {
  const choice = process.env['HEDDLE_ADAPTER'] ?? '';
  if (choice === 'system' || choice === 'swiftshader') return choice;
  if (choice === '') return 'automatic';
  throw new Error(`HEDDLE_ADAPTER is '${choice}'; it can be 'system' or 'swiftshader'`);
}

/** For programs: the system's adapter if it has one, else SwiftShader, else nothing, and then Heddle runs on the CPU. */
export async function adapterForPrograms(): Promise<AdapterEnv> {
  const choice = userChoice();
  if (choice === 'system') return {};
  if (choice === 'automatic' && !('reason' in (await probeAdapter({})))) return {};
  const software = await swiftShader();
  if (!('reason' in software)) return software.env;
  if (choice === 'swiftshader') throw new Error(`no SwiftShader: ${software.reason}`);
  return {};
}

/**
 * For tests: SwiftShader wherever it runs, so that results do not depend on the machine; the system's GPU on macOS, on Windows
 * and when HEDDLE_ADAPTER=system. Where SwiftShader should run, its absence is an error; where neither can be had,
 * HEDDLE_NO_ADAPTER holds the reason why tests of WGSL are skipped.
 */
export async function adapterForTests(): Promise<AdapterEnv> {
  if (userChoice() === 'system') return {};
  const machine = thisMachine();
  const missing = unsupported(machine);
  if (missing === undefined) {
    const software = await swiftShader();
    if ('reason' in software) throw new Error(`no adapter for the tests: ${software.reason}`);
    return software.env;
  }
  if (machine.platform === 'linux') return { HEDDLE_NO_ADAPTER: missing };
  const system = await findAdapter();
  return 'reason' in system ? { HEDDLE_NO_ADAPTER: system.reason } : {};
}
