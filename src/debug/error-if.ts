/** debug.errorIf: makes a call fail by what it computes. */
import { Builder } from '../../compiler/ir/builder.ts';
import { Var, showAval } from '../../compiler/ir/jaxpr.ts';
import { findPrimitive } from '../../compiler/primitives/index.ts';
import { any } from '../numpy/reductions.ts';
import { bind, located, operandOf } from '../trace/bind.ts';
import type { Operand } from '../trace/bind.ts';
import { checkFailed } from '../trace/effects.ts';
import { runJaxpr } from '../trace/execute.ts';
import { describeValue } from '../trace/literal.ts';
import { userSource } from '../trace/location.ts';
import { currentPath } from '../trace/path.ts';
import type { Tensor } from '../trace/tensor.ts';
import { currentTrace } from '../trace/trace.ts';
import { userError } from '../trace/user-error.ts';

/**
 * Fails where `predicate` (bool, of any shape) holds anywhere. Inside jit, scan, cond, vmap and grad the call that runs the
 * program fails: it returns, but reads of its results and of the Variables that it wrote reject with CHECK, `message` and this
 * line, and so do calls that use them. In a branch of cond it counts when the branch is taken. Outside of traces it throws at
 * once if the value is on the host; if it is on a GPU, the failure goes where failures go that nobody awaits (`init({ onError
 * })`). The counterpart of checkify.check.
 *
 * @throws DTYPE for a predicate that is not bool; UNSUPPORTED, when the program is compiled, in a loop of unknown length.
 */
export function errorIf(predicate: Operand, message: string): void {
  located(() => {
    const { dtype } = operandOf(predicate).aval;
    if (dtype !== 'bool') {
      const problem = `debug.errorIf: the predicate is ${showAval(operandOf(predicate).aval)}, and must be bool`;
      throw userError('DTYPE', problem, { fix: "debug.errorIf(np.less(x, 0), 'x is negative')" });
    }
    if (typeof message !== 'string') {
      const problem = `debug.errorIf: the message is ${describeValue(message)}, and must be a string`;
      throw userError('VALUE', problem, { fix: "debug.errorIf(np.less(x, 0), 'x is negative')" });
    }
    const failed = any(predicate);
    if (currentTrace() === null) failNow(failed, message);
    else bind(findPrimitive('check')!, [failed], { message });
  });
}

function failNow(failed: Tensor, message: string): void {
  const storage = failed.storage('debug.errorIf');
  const [source, path] = [userSource(), currentPath()];
  if (storage.hostData !== null && storage.submission === null) {
    if (storage.hostData.data[0] !== 0) throw checkFailed({ message, source, path });
    return;
  }
  const o = new Builder();
  o.source = source;
  o.path = path;
  const flag = new Var(failed.aval);
  o.check(flag, { message });
  runJaxpr(o.build([], [flag], []), [failed], 'debug.errorIf');
}
