/** Small programs against real JAX, written with the calling conventions of the API: by the interpreter, and as WGSL. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { cpu, grad, jacfwd, jit, jvp, lax, nn, np, random, stopGradient, vmap, withDevice } from '../../src/index.ts';
import type { DType, Device, Tensor } from '../../src/index.ts';
import { assertAllClose } from '../../src/testing/index.ts';
import { useWgsl } from '../support/wgsl.ts';

interface GoldenArray {
  readonly shape: readonly number[];
  readonly dtype: DType;
}

interface Golden {
  readonly inputs: Readonly<Record<string, GoldenArray & { readonly data: readonly number[] }>>;
  readonly programs: readonly (GoldenArray & { readonly name: string; readonly js: string; readonly y: readonly number[] })[];
}

const golden = JSON.parse(readFileSync(new URL('programs.json', import.meta.url), 'utf8')) as Golden;

/** Programs whose functions do not exist yet, by what they lack. */
const LACKING: Readonly<Record<string, readonly string[]>> = {
};

const wgsl = useWgsl();
const devices: Readonly<Record<string, () => Device>> = { cpu: () => cpu, WGSL: () => wgsl.device };
const lacking = Object.values(LACKING).flat();

const inputs = Object.keys(golden.inputs);
const namespaces = { np, lax, nn, random, vmap, grad, jvp, jacfwd, stopGradient };

/** The program as a function of the inputs. */
function compiled(js: string): (...values: Tensor[]) => Tensor {
  const body = `return (${inputs.join(', ')}) => { const k0 = random.key(7); return ${js}; };`;
  return new Function(...Object.keys(namespaces), body)(...Object.values(namespaces)) as (...values: Tensor[]) => Tensor;
}

function tensor({ data, dtype, shape }: GoldenArray & { readonly data: readonly number[] }): Tensor {
  return np.array(data, { dtype, shape });
}

for (const [name, device] of Object.entries(devices)) {
  describe(name, () => {
    for (const { name: program, js, y, dtype, shape } of golden.programs.filter((each) => !lacking.includes(each.name))) {
      test(`${program}: ${js}`, async () => {
        const f = compiled(js);
        const values = inputs.map((input) => tensor(golden.inputs[input]!));
        const result = withDevice(device(), () => jit(f, { device: device() })(...values));
        await assertAllClose(result, tensor({ data: y, dtype, shape }), { rtol: 1e-5, atol: 1e-6 });
      });
    }
  });
}

test('programs that are not run exist', () => {
  expect(lacking.filter((name) => !golden.programs.some((program) => program.name === name))).toEqual([]);
});
