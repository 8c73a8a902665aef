/** Finds the user's line: the first frame of the stack that is not in Heddle. */
import type { Source } from '../../compiler/ir/jaxpr.ts';

/** The folder that holds `src/`, `compiler/` and `runtime/` of the running code. */
const ROOT = new URL('../../', import.meta.url).href;
const OWN_FOLDERS = ['src/', 'compiler/', 'runtime/'];
const FRAME = /(?:\(|at |@)((?:file:\/\/|https?:\/\/|\/|[A-Za-z]:[\\/])[^()\s]*?):(\d+):(\d+)\)?$/;

/** A stack that is parsed only when somebody asks for the line; capturing it is cheap. */
export class CallStack {
  readonly #error: Error;
  #source: Source | null | undefined;

  constructor() {
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 30;
    this.#error = new Error();
    Error.stackTraceLimit = limit;
  }

  get source(): Source | undefined {
    this.#source ??= parse(this.#error.stack ?? '');
    return this.#source ?? undefined;
  }

  /** `file:line:column` of the user's line. */
  get where(): string | undefined {
    const source = this.source;
    return source === undefined ? undefined : showSource(source);
  }
}

export function showSource({ file, line, column }: Source): string {
  return `${file}:${line}:${column}`;
}

export function userSource(): Source | undefined {
  return new CallStack().source;
}

function parse(stack: string): Source | null {
  for (const text of stack.split('\n')) {
    const match = FRAME.exec(text.trim());
    if (match === null) continue;
    const [, file = '', line, column] = match;
    if (isOwn(file) || file.includes('node:internal')) continue;
    return { file: displayName(file), line: Number(line), column: Number(column) };
  }
  return null;
}

function isOwn(file: string): boolean {
  const url = file.startsWith('/') ? `file://${file}` : file;
  // Source maps show compiled code at its source: `dist/src/x.js` as `src/x.ts`, one folder up.
  const roots = ROOT.endsWith('/dist/') ? [ROOT, ROOT.slice(0, -'dist/'.length)] : [ROOT];
  return roots.some((root) => OWN_FOLDERS.some((folder) => url.startsWith(root + folder)));
}

function displayName(file: string): string {
  const path = file.replace(/^file:\/\//, '').replace(/[?#].*$/, '');
  const cwd = typeof process === 'undefined' ? undefined : process.cwd?.();
  return cwd !== undefined && path.startsWith(`${cwd}/`) ? path.slice(cwd.length + 1) : path;
}
