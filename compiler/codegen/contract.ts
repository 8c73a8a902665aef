/** Matrix products over any index maps, with any elementwise epilogue. */
import type { DType } from '../dtype.ts';
import type { ContractKernel, RowKernel } from '../fuse/kernel.ts';
import type { DeviceProfile } from '../program.ts';
import { applyExpr, type Expr, type ScalarFunction } from '../scalar/expression.ts';
import { numberInvocations } from './launch.ts';
import { wgslType } from './literals.ts';
import { planLoop, serialLoop } from './loops.ts';
import { ModuleWriter, type GeneratedKernel } from './module.ts';
import { Outputs, clamped, countRectangles, placeRectangle } from './outputs.ts';
import { generateRow } from './row.ts';
import { chooseContractSchedule, type ContractSchedule, type RegisterSchedule } from './schedule.ts';
import { generateTiles } from './tiles.ts';

export function generateContract(
  kernel: ContractKernel,
  profile: DeviceProfile,
  schedule: ContractSchedule = chooseContractSchedule(kernel, profile),
): GeneratedKernel {
  const cast = accumulated(kernel);
  switch (schedule.kind) {
    case 'dot': {
      const generated = generateRow(asRows(cast), profile);
      return { ...generated, code: { ...generated.code, kind: 'contract' } };
    }
    case 'registers':
      return generateRegisters(cast, profile, schedule);
    case 'tiles':
      return generateTiles(cast, profile, schedule);
  }
}

const CONVERT: ScalarFunction = {
  name: 'convert',
  cost: 'free',
  wgsl: ([value], _, result) => `${wgslType(result)}(${value})`,
  helpers: () => [],
};

const MULTIPLY: ScalarFunction = { name: 'multiply', cost: 'alu', wgsl: (args) => args.join(' * '), helpers: () => [] };

function converted(operand: Expr, dtype: DType): Expr {
  return operand.dtype === dtype ? operand : applyExpr(CONVERT, dtype, [operand]);
}

/** The same with operands in the dtype in which their products are summed. */
function accumulated(kernel: ContractKernel): ContractKernel {
  const { lhs, rhs, accumulator } = kernel;
  return { ...kernel, lhs: converted(lhs, accumulator), rhs: converted(rhs, accumulator) };
}

/** Every result is the sum of a row of products. */
export function contractAsRows(kernel: ContractKernel): RowKernel {
  return asRows(accumulated(kernel));
}

function asRows({ batch, m, n, k, lhs, rhs, accumulator, stores, ...common }: ContractKernel): RowKernel {
  return {
    ...common,
    kind: 'row',
    rows: [...batch, ...m, ...n],
    columns: k,
    stages: [{ monoid: 'sum', dtype: accumulator, value: applyExpr(MULTIPLY, accumulator, [lhs, rhs]) }],
    rowStores: stores,
    elementStores: [],
  };
}

/** Every invocation accumulates a rectangle of results and loads the operands itself: no workgroup memory, no barriers. */
function generateRegisters(kernel: ContractKernel, profile: DeviceProfile, schedule: RegisterSchedule): GeneratedKernel {
  const writer = new ModuleWriter(kernel, profile);
  const { root, emitter } = writer;
  writer.count([kernel.lhs, kernel.rhs], kernel.stores);
  const count = countRectangles(kernel, schedule);
  const { number, launch } = numberInvocations(writer, count, schedule.workgroup);
  const { env, m, n } = placeRectangle(writer, kernel, schedule, number);
  const lhs = clamped(root, env, m, 'm');
  const rhs = clamped(root, env, n, 'n');
  const outputs = new Outputs(writer, kernel, m, n);
  serialLoop(root, env, planLoop(kernel.k, 1), (block, [k = env]) => {
    outputs.multiplyAdd(
      block,
      lhs.map((point) => emitter.text(kernel.lhs, point.join(k), block, true)),
      rhs.map((point) => emitter.text(kernel.rhs, point.join(k), block, schedule.n % 4 !== 0)),
    );
  });
  outputs.store(kernel, env);
  return writer.finish(launch);
}
