/** The lines that debug.print prints of one call. */
import { allocate } from '../../compiler/dtype.ts';
import { sizeOf } from '../../compiler/shape.ts';
import type { EffectStep } from '../../compiler/transforms/effects.ts';
import { elementOf, occurrences } from '../trace/effect-steps.ts';
import type { Arrays, Print } from '../trace/effect-steps.ts';
import { fillFormat } from './format.ts';
import { tensorText } from './text.ts';

/** In the order of the program. */
export function printedLines(steps: readonly EffectStep[], arrays: Arrays): string[] {
  const lines: string[] = [];
  for (const [step, { index }] of occurrences(steps, 'print', arrays)) {
    if (step.kind === 'print') lines.push(...linesOf(step, arrays, index));
  }
  return lines;
}

/** One line for every position along the mapped axes. */
function linesOf({ format, operands, mapped }: Print, arrays: Arrays, index: number): string[] {
  const sizes = mapped.map((flags, level) => {
    const operand = flags.indexOf(true);
    return operands[operand]!.aval.shape[axesBefore(mapped, operand, level)]!;
  });
  return positions(sizes).flatMap((position): string[] => {
    const place = (operand: number): { shape: readonly number[]; start: number } => {
      const { aval: { shape } } = operands[operand]!;
      const levels = mapped.flatMap((flags, level) => (flags[operand]! ? [level] : []));
      const own = shape.slice(levels.length);
      const row = levels.reduce((flat, level, axis) => flat * shape[axis]! + position[level]!, 0);
      return { shape: own, start: index * sizeOf(shape) + row * sizeOf(own) };
    };
    if (elementOf(operands[0]!, arrays, place(0).start) === 0) return [];
    const texts = operands.slice(1).map((operand, i) => {
      const { shape, start } = place(i + 1);
      const data = 'value' in operand ? allocate(operand.aval.dtype, 1).fill(operand.value) : arrays.get(operand.output)!;
      return tensorText(data, operand.aval.dtype, shape, start);
    });
    return [fillFormat(format, texts)];
  });
}

/** How many of the mapped axes before a level an operand has. */
function axesBefore(mapped: Print['mapped'], operand: number, level: number): number {
  return mapped.slice(0, level).filter((flags) => flags[operand]!).length;
}

/** All positions in a box of these sizes, the last axis fastest. */
function positions(sizes: readonly number[]): number[][] {
  return sizes.reduce<number[][]>(
    (before, size) => before.flatMap((position) => Array.from({ length: size }, (_, i) => [...position, i])),
    [[]],
  );
}
