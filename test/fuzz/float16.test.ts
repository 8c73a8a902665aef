/** Random programs with float16, on adapters that have it; on others, those that happen to do without. */
import { DTYPES } from '../../compiler/dtype.ts';
import { printJaxpr } from '../../compiler/ir/print.ts';
import { deviceIsReference } from '../support/program-laws.ts';
import { randomPrograms } from '../support/random-programs.ts';
import { useWgsl } from '../support/wgsl.ts';
import { fuzz } from './fuzz.ts';

const wgsl = useWgsl();

fuzz('float16 on WGSL', randomPrograms({ dtypes: DTYPES }), async (program) => {
  const usesFloat16 = printJaxpr(program.jaxpr).includes('f16[');
  if (wgsl.device.profile.float16 || !usesFloat16) await deviceIsReference(program);
});
