/** VariableTree: a State as a part of a module. */
import type { Variable } from '../trace/variable.ts';
import { Module } from './module.ts';
import type { State } from './state.ts';

/** Holds a Variable at each path of a State, `make` of the one that is there. */
export class VariableTree extends Module {
  constructor(state: State, make: (variable: Variable) => Variable) {
    super();
    for (const [path, variable] of state) {
      const parts = path.split('/');
      const last = parts.pop()!;
      let owner = this as Record<string, unknown>;
      for (const part of parts) {
        // Fields may have any name, also that of a method.
        if (!Object.hasOwn(owner, part)) owner[part] = {};
        owner = owner[part] as Record<string, unknown>;
      }
      owner[last] = make(variable);
    }
  }
}
