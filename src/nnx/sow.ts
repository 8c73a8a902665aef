/** sow, perturb and capture: values from inside of a computation, by the path of the module and a name. */
import { showShape } from '../../compiler/shape.ts';
import { np } from '../numpy/index.ts';
import { located, tensorOf } from '../trace/bind.ts';
import type { Operand } from '../trace/bind.ts';
import { calleeName } from '../trace/callee.ts';
import { describeValue } from '../trace/literal.ts';
import { currentPath } from '../trace/path.ts';
import { rejectPromise } from '../trace/promise.ts';
import { collecting, isCollected, sowIn } from '../trace/sown.ts';
import type { Sown, SownKind } from '../trace/sown.ts';
import type { Tensor } from '../trace/tensor.ts';
import { currentTrace } from '../trace/trace.ts';
import { userError } from '../trace/user-error.ts';
import { installMethods, modulePath } from './module.ts';
import type { Module } from './module.ts';
import { State } from './state.ts';
import { Intermediate, Perturbation, Variable } from './variables.ts';
import type { VariableClass } from './variables.ts';

/**
 * Offers a value to the `capture` around this code, under the path of the module whose `forward` runs and this name; without one
 * it is dropped, and not computed either. Loops stack what their steps sow, `vmap` maps it, derivatives pass it on without
 * tangents. Both branches of a `cond` must sow the same; the body of `whileLoop` cannot.
 *
 * @throws VALUE for a name that is no part of a path; what sows through a transform that cannot: BRANCH, UNSUPPORTED.
 */
export function sow(value: Operand, name: string, kind: VariableClass = Intermediate): void {
  located(() => sowAt(currentPath(), name, value, kind));
}

/**
 * `f` returning `[result, captured]`: a State of what was sown during the call, of these kinds or, without any, of every kind.
 * The k-th value of one name is at `layers/linear/h/k`, counted from 0, because a layer may run several times; a perturbation
 * is at `layers/linear/h`. `nnx.capture(f, nnx.ModuleOutput)` gives what the `forward` of every module returned, at
 * `layers/linear/forward/0`. flax.nnx.capture.
 */
export function capture<A extends unknown[], R>(
  f: (...args: A) => R,
  ...kinds: readonly VariableClass[]
): (...args: A) => [result: R, captured: State] {
  const name = `capture(${calleeName('nnx.capture', f, 'nnx.capture((model, x) => model.forward(x))')})`;
  for (const kind of kinds) checkKind('nnx.capture', kind);
  const capturing = (...args: A): [R, State] =>
    located(() => {
      const captured = new Map<string, Variable>();
      const counts = new Map<string, number>();
      const add = ({ label: { kind, path }, value }: Sown): void => {
        const k = counts.get(path) ?? 0;
        counts.set(path, k + 1);
        if (!isPerturbation(kind)) captured.set(`${path}/${k}`, holding(kind, value));
        else if (k === 0) captured.set(path, holding(kind, value));
      };
      const result = collecting(kinds, add, () => f(...args));
      rejectPromise(result, `${name} returned a Promise, and captures only until it returns`, 'await before or after the call');
      return [result, new State(captured)];
    });
  return Object.defineProperty(capturing, 'name', { value: f.name });
}

/** A Variable of the kind, made here: its cell, or the trace, holds the value. */
function holding(kind: SownKind, value: Tensor): Variable {
  return Reflect.construct(Variable, [value], kind) as Variable;
}

function isPerturbation(kind: SownKind): boolean {
  return kind === Perturbation || kind.prototype instanceof Perturbation;
}

function checkKind(call: string, kind: unknown): void {
  if (typeof kind === 'function' && (kind === Variable || kind.prototype instanceof Variable)) return;
  throw userError('VALUE', `${call}: ${describeValue(kind)} is no class of Variables`, {
    fix: 'nnx.capture(f, nnx.Intermediate)',
  });
}

function sowAt(path: string, name: string, value: Operand, kind: VariableClass): void {
  checkKind('sow', kind);
  if (typeof name !== 'string' || name === '' || name.includes('/')) {
    const given = typeof name === 'string' ? `'${name}'` : describeValue(name);
    throw userError('VALUE', `sow: the name is ${given}, and must be one part of a path`, { fix: "nnx.sow(x, 'h')" });
  }
  if (!isCollected(kind)) return;
  sowIn(currentTrace(), { label: { kind, path: path === '' ? name : `${path}/${name}` }, value: tensorOf(value) });
}

installMethods({
  sow(this: Module, kind: VariableClass, name: string, value: Operand): void {
    located(() => sowAt(modulePath(this), name, value, kind));
  },
  perturb(this: Module, name: string, x: Operand, kind: VariableClass<Perturbation> = Perturbation): Tensor {
    return located(() => perturbed(this, name, tensorOf(x), kind));
  },
});

function perturbed(module: Module, name: string, x: Tensor, kind: VariableClass<Perturbation>): Tensor {
  const own = (module as unknown as Readonly<Record<string, unknown>>)[name];
  if (own === undefined) {
    sowAt(modulePath(module), name, np.zerosLike(x), kind);
    return x;
  }
  if (!(own instanceof kind)) {
    throw userError('VALUE', `perturb: '${name}' is ${describeValue(own)}, and no perturbation`, {
      fix: `this.perturb('${name}Change', x)`,
    });
  }
  if (showShape(own.shape) === showShape(x.shape)) return x.add(own.value);
  throw userError('SHAPE', `perturb: '${name}' is ${own.dtype}${showShape(own.shape)}, and is added to ${x.describe()}`, {
    fix: 'const [, perturbations] = nnx.capture(f, nnx.Perturbation)(model, x) // with this x',
  });
}
