/** update: values of States into the Variables that a model has. The counterpart of nnx.update. */
import { typeName } from '../trace/printing.ts';
import { userError } from '../trace/user-error.ts';
import { currentTrace } from '../trace/trace.ts';
import { Variable } from '../trace/variable.ts';
import { joinPath, splitPath } from './paths.ts';
import type { PathPart } from './paths.ts';
import { State } from './state.ts';

/** Writes values into a model's Variables, all or none; see Module.update. flax.nnx.update. */
export function update(model: object, ...states: readonly State[]): void {
  const writes = [...State.merge(...states)].map(([path, variable]) => writeOf(model, splitPath(path), variable));
  for (const write of writes) write();
}

/** What a module, array, object or Map has under a part of a path. */
export function member(owner: unknown, part: PathPart): unknown {
  return owner instanceof Map ? owner.get(String(part)) : (owner as Record<PathPart, unknown>)[part];
}

/** What writes the value that the Variable has now. */
function writeOf(model: object, path: readonly PathPart[], variable: Variable): () => void {
  const value = variable.rawValue;
  const name = typeName(model.constructor);
  let owner: unknown = model;
  for (const [depth, part] of path.slice(0, -1).entries()) {
    owner = member(owner, part);
    if (typeof owner === 'object' && owner !== null && !(owner instanceof Variable)) continue;
    throw userError(
      'STATE_PATH',
      `update: ${name} has no submodule '${joinPath(path.slice(0, depth + 1))}' for '${joinPath(path)}'`,
      {
        fix: `new State([...state].filter(([path]) => path !== '${joinPath(path)}'))`,
      },
    );
  }
  const last = path.at(-1)!;
  const existing = model instanceof Variable && last === '' ? model : member(owner, last);
  if (existing instanceof Variable) {
    return () => {
      existing.rawValue = value;
    };
  }
  if (existing !== undefined) {
    throw userError('STATE_PATH', `update: '${joinPath(path)}' of ${name} is no Variable`, {
      fix: 'module.split()[0].keys() lists the paths',
    });
  }
  if (currentTrace() !== null) {
    throw userError('STRUCTURE', `update: ${name} has no Variable '${joinPath(path)}', and a trace may not add one`, {
      fix: `this.${last} = new Param(0); // in the constructor`,
    });
  }
  const parent = owner;
  return () => {
    const copy = variable.with(value);
    if (parent instanceof Map) parent.set(String(last), copy);
    else (parent as Record<PathPart, unknown>)[last] = copy;
  };
}
