/** What modules give, for a capture that asks for it. The counterpart of `method_outputs` of flax.nnx.capture. */
import { leafPaths } from '../leaf-paths.ts';
import { isCollected, sowIn } from '../trace/sown.ts';
import { Tensor } from '../trace/tensor.ts';
import { currentTrace } from '../trace/trace.ts';
import { flatten } from '../tree.ts';
import { ModuleOutput } from './variables.ts';

/** Offers the tensors that the `forward` of the module at this path returned. */
export function offerOutputs(path: string, outputs: unknown): void {
  if (!isCollected(ModuleOutput)) return;
  const { leaves, treedef } = flatten(outputs, { root: 'the output' });
  const paths = leafPaths(treedef, path === '' ? 'forward' : `${path}/forward`);
  leaves.forEach((value, i) => {
    if (value instanceof Tensor) sowIn(currentTrace(), { label: { kind: ModuleOutput, path: paths[i]! }, value });
  });
}
