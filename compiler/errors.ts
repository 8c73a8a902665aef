/** The one error class of Heddle and the closed catalogue of its codes. */

export const ERROR_CODES = [
  'SHAPE', // operand shapes do not fit the operation
  'DTYPE', // a dtype the operation does not take, or mixed dtypes
  'AXIS', // an axis outside the rank, or given twice
  'VALUE', // an argument outside its domain (a rate, a length, a number outside an integer dtype)
  'NARROWING', // 64-bit input that would lose bits
  'PYTREE', // an unknown leaf, a cycle, trees of different structure
  'PROMISE', // a traced function returned a Promise
  'CONCRETIZATION', // a tracer or Tensor was used as a JS value
  'LEAKED_TRACER', // a tracer outlived its trace
  'CARRY', // a scan carry changed its type
  'BRANCH', // branches of a cond differ
  'VMAP_AXIS', // inconsistent or impossible mapped axes
  'ALIASING', // one Variable reached in two roles
  'STATE_WRITE', // a write that the enclosing transform does not allow
  'STRUCTURE', // a static field or the graph of a module changed inside a trace
  'STATE_PATH', // a path that a State or a Module does not have
  'RNG', // random state used where it may not advance
  'NOT_INITIALIZED', // the device was used before init()
  'NO_ADAPTER', // a GPU was demanded and none is there
  'LIMIT', // above a limit of the device
  'FEATURE', // needs a device feature that is missing
  'DEVICE_MISMATCH', // tensors of two devices met
  'DEVICE_LOST', // the device is gone
  'MEMORY', // above the memory budget, or the device is out of memory
  'VALIDATION', // WebGPU refused what was submitted
  'DISPOSED', // a tensor was used after it was disposed or donated
  'IR_TYPE', // the verifier found an ill-typed equation
  'IR_SYNTAX', // the text of a jaxpr does not parse
  'DERIVATIVE', // a derivative that does not exist: of something that is no scalar, with respect to integers, in reverse through while
  'NONLINEAR', // the transpose of something that is not linear
  'CUSTOM_RULE', // a custom derivative of the wrong structure, or closing over what is differentiated
  'AXIS_NAME', // a mapped axis that is not there under this name
  'CORRUPT', // a file that is damaged, or not of the format that it should be
  'CHECK', // errorIf or checkNans found what it looks for
  'UNSUPPORTED', // a combination that cannot exist, with the reason
  'INTERNAL', // a broken invariant of Heddle itself
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

export interface ErrorDetails {
  /** One line of code that mends the program. */
  readonly fix?: string;
  /** The user's line, `file:line:column`. Tracing fills it in where a compiler rule cannot know it. */
  readonly where?: string;
  readonly cause?: unknown;
}

/**
 * Every error that Heddle raises on purpose. `message` is the whole text: code, problem, the user's line, the fix.
 */
export class HeddleError extends Error {
  readonly code: ErrorCode;
  /** The problem alone, without code, place and fix. */
  readonly problem: string;
  readonly fix: string | undefined;
  readonly where: string | undefined;

  constructor(code: ErrorCode, problem: string, details: ErrorDetails = {}) {
    super(format(code, problem, details), details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'HeddleError';
    this.code = code;
    this.problem = problem;
    this.fix = details.fix;
    this.where = details.where;
  }

  /** The same error with the user's line, unless it already has one. */
  at(where: string | undefined): HeddleError {
    if (this.where !== undefined || where === undefined) return this;
    const details = { where, cause: this.cause, ...(this.fix === undefined ? {} : { fix: this.fix }) };
    return new HeddleError(this.code, this.problem, details);
  }
}

function format(code: ErrorCode, problem: string, { where, fix }: ErrorDetails): string {
  const lines = [`[${code}] ${problem}`];
  if (where !== undefined) lines.push(`  at:  ${where}`);
  if (fix !== undefined) lines.push(`  fix: ${fix}`);
  return lines.join('\n');
}
