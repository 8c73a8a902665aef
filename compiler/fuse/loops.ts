/** `scan` as a loop around its body's block. */
import { Var } from '../ir/jaxpr.ts';
import type { Atom, Equation, Jaxpr } from '../ir/jaxpr.ts';
import { add, constant, scale, variable } from '../scalar/indices.ts';
import type { Carry, Stack } from './block.ts';
import { Scope } from './scope.ts';

/** Appends the loop; gives the atoms of the final carries and the stacked ys. */
export function flattenScan(scope: Scope, equation: Equation): Atom[] {
  const { inputs, outputs, params } = equation;
  const jaxpr = params['jaxpr'] as Jaxpr;
  const length = Number(params['length']);
  const numConsts = Number(params['numConsts']);
  const numCarry = Number(params['numCarry']);
  const initials = inputs.slice(numConsts, numConsts + numCarry);
  if (length === 0) {
    return [...initials, ...outputs.slice(numCarry).map((output) => scope.build((o) => o.full(0, output.aval), equation))];
  }

  const counter = variable(scope.program.nextCounter(), length);
  const position = params['reverse'] === true ? add(constant(length - 1), scale(counter, -1)) : counter;
  const { guard, depth } = scope.block;
  const body = new Scope(scope.program, { guard, depth: depth + 1 }, scope);

  // A carry that the body hands on unchanged is a constant of the loop, and a slice that it hands on makes the xs a result.
  const variables = jaxpr.inputs.slice(numConsts);
  const handedOn = variables.map((input, i) => i < numCarry && jaxpr.outputs[i] === input);
  const slices: Var[] = [];
  const operands = variables.map((input, i): Atom => {
    if (handedOn[i]) return initials[i]!;
    const empty = scope.filledIfEmpty(input);
    if (empty !== undefined) return empty;
    if (i < numCarry) return body.declare(input, { kind: 'carry' });
    const slice = body.declare(input, { kind: 'slice', source: inputs[numConsts + i]!, position });
    slices.push(slice);
    return slice;
  });
  const values = body.inline(jaxpr, [...inputs.slice(0, numConsts), ...operands]);

  const carries: Carry[] = [];
  const stacks: Stack[] = [];
  const results = outputs.map((output, i): Atom => {
    if (handedOn[i]) return initials[i]!;
    const empty = scope.filledIfEmpty(output);
    if (empty !== undefined) return empty;
    const value = values[i]!;
    if (i >= numCarry && value instanceof Var && slices.includes(value)) return inputs[numConsts + operands.indexOf(value)]!;
    if (i >= numCarry && !body.owns(value)) return stackOf(scope, value, output, equation);
    const result = scope.declare(output, { kind: 'result', block: scope.block });
    if (i < numCarry) carries.push({ input: operands[i] as Var, initial: initials[i]!, next: value, result });
    else stacks.push({ value, result });
    return result;
  });
  scope.nodes.push({ kind: 'loop', counter, position, carries, stacks, slices, body: body.block, source: equation.source });
  return results;
}

/** The stack of a value that is the same in every step. */
function stackOf(scope: Scope, value: Atom, { aval: { shape } }: Var, equation: Equation): Atom {
  const broadcastDimensions = value.aval.shape.map((_, axis) => axis + 1);
  return scope.build((o) => o.broadcastInDim(value, { shape, broadcastDimensions }), equation);
}
