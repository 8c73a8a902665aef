/** VariableTree: a State as a part of a module. */
import type { Variable } from '../trace/variable.ts';
import { Module } from './module.ts';
import { setAt, splitPath } from './paths.ts';
import type { State } from './state.ts';

/** Holds a Variable at each path of a State, `make` of the one that is there. */
export class VariableTree extends Module {
  constructor(state: State, make: (variable: Variable) => Variable) {
    super();
    for (const [path, variable] of state) setAt(this, splitPath(path), make(variable));
  }
}
