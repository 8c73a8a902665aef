/** The inputs of a call: their checks, and the end of those that it consumes. */
import { HeddleError } from '../compiler/errors.ts';
import type { CallSite, Device } from './device.ts';
import { describeArray } from './layout.ts';
import type { Storage, StorageSpec } from './storage.ts';

/** Throws DISPOSED, DEVICE_MISMATCH or DEVICE_LOST when the device cannot run the call on the input. */
export function checkInput(device: Device, input: Storage, call: CallSite): void {
  input.assertAlive(call);
  if (input.device === null || input.device === device) return;
  if (input.device.lost) throw lostError(`${call.label}: an input was on ${input.device.label}, which is gone`, call);
  const what = describeArray(input.dtype, input.shape);
  throw new HeddleError(
    'DEVICE_MISMATCH',
    `${call.label} runs on ${device.label}, but an input ${what} is on ${otherDevice(input.device, device)}`,
    { fix: 'await x.to(device)' },
  ).at(call.where);
}

/** A device beside another one, which may bear the same label. */
export function otherDevice(device: Device, beside: Device): string {
  return device.label === beside.label ? `another ${device.label}` : device.label;
}

/** Whether two arrays have one dtype and one shape. */
export function isLike({ dtype, shape }: StorageSpec, other: StorageSpec): boolean {
  if (dtype !== other.dtype) return false;
  if (shape === other.shape) return true;
  return shape.length === other.shape.length && shape.every((length, axis) => length === other.shape[axis]);
}

/** Throws INTERNAL when the inputs are not the arrays that the code was made for. `known` are inputs that were. */
export function checkSpecs(
  inputs: readonly Storage[],
  expected: readonly StorageSpec[],
  known: readonly Storage[],
  call: CallSite,
): void {
  const show = (specs: readonly StorageSpec[]): string => specs.map(({ dtype, shape }) => describeArray(dtype, shape)).join(', ');
  if (inputs.length === expected.length && inputs.every((input, i) => input === known[i] || isLike(input, expected[i]!))) return;
  throw new HeddleError('INTERNAL', `${call.label} is made for (${show(expected)}), not for (${show(inputs)})`).at(call.where);
}

/** Throws DISPOSED when more counts of a storage are donated than it has. */
export function checkDonations(inputs: readonly Storage[], call: CallSite): void {
  if (call.donate === undefined) return;
  const donated = inputs.filter((_, i) => call.donate?.[i]);
  for (const input of donated) {
    if (donated.filter((other) => other === input).length <= input.count) continue;
    const what = describeArray(input.dtype, input.shape);
    throw new HeddleError('DISPOSED', `${call.label}: the same ${what} is donated twice`, {
      fix: 'f(x, x.alias()); // each donated argument needs a tensor of its own',
    }).at(call.where);
  }
}

/** Releases what the call consumes. */
export function consumeDonated(inputs: readonly Storage[], call: CallSite): void {
  inputs.forEach((input, i) => {
    if (call.donate?.[i]) input.release();
  });
}

export function lostError(problem: string, call: CallSite): HeddleError {
  return new HeddleError('DEVICE_LOST', problem, { fix: 'await init(); // then restore what was on the device' }).at(call.where);
}
