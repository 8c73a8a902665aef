/** A Summary as a table of text. */
import { numberText, sizeText, totalOf } from './sizes.ts';
import type { Summary, SummaryRow } from './tabulate-summary.ts';

/** Lines of a cell. */
type Cell = readonly string[];

/** `gradient`: operations with the gradient, per row. */
export function tableText(summary: Summary, depth: number, gradient: readonly number[] | null): string {
  const kinds = [...summary.sizes.keys()].sort();
  const header = ['path', 'type', 'inputs', 'outputs', ...kinds, 'FLOPs', ...(gradient === null ? [] : ['with gradient'])];
  const shown = summary.rows.map((row, i) => ({ row, flops: gradient?.[i] })).filter(({ row }) => row.depth <= depth);
  const body = shown.map(({ row, flops }) => cellsOf(row, kinds, flops));
  const totals = ['', 'total', '', '', ...kinds.map((kind) => sizeText(summary.sizes.get(kind)!)), numberText(summary.flops)];
  if (gradient !== null) totals.push(numberText(summary.gradientFlops));
  return [
    `${summary.rows[0]?.type ?? ''} Summary`,
    grid([header.map((name) => [name]), ...body, totals.map((text) => [text])]),
    `Total: ${sizeText(totalOf(summary.sizes))}`,
    ...(summary.open ? ['FLOPs: one step of a while loop, whose number of steps is not known'] : []),
  ].join('\n');
}

function cellsOf(row: SummaryRow, kinds: readonly string[], gradient: number | undefined): Cell[] {
  const [call] = row.calls;
  const others = row.calls.length > 1 ? [`(and ${row.calls.length - 1} more)`] : [];
  const loops = row.times > 1 ? ` ${numberText(row.times)} times` : '';
  const within = call === undefined || call.within === '' ? [] : [`in ${call.within}${loops}`];
  return [
    [row.path, ...row.sharedAt.map((path) => `= ${path}`), ...within],
    [row.type],
    [...(call?.inputs ?? []), ...others],
    call?.outputs ?? [],
    ...kinds.map((kind) => [
      ...row.variables.filter((variable) => variable.kind === kind).map(({ name, type, sharedWith }) => {
        return `${name}: ${sharedWith === null ? type : `shared with ${sharedWith}`}`;
      }),
      ...(row.sizes.has(kind) ? [sizeText(row.sizes.get(kind)!)] : []),
    ]),
    [row.calls.length === 0 && row.flops === 0 ? '' : numberText(row.flops)],
    ...(gradient === undefined ? [] : [[gradient === 0 ? '' : numberText(gradient)]]),
  ];
}

/** Rows of cells with lines around them. */
function grid(rows: readonly (readonly Cell[])[]): string {
  const columns = rows[0]!.map((_, column) => Math.max(...rows.flatMap((row) => row[column]!.map((line) => [...line].length))));
  const rule = (left: string, middle: string, right: string): string =>
    left + columns.map((width) => '─'.repeat(width + 2)).join(middle) + right;
  const lines = rows.map((row) => {
    const height = Math.max(1, ...row.map((cell) => cell.length));
    return Array.from({ length: height }, (_, i) => {
      const texts = row.map((cell, column) => ` ${(cell[i] ?? '').padEnd(columns[column]!)} `);
      return `│${texts.join('│')}│`;
    }).join('\n');
  });
  return [rule('┌', '┬', '┐'), lines.join(`\n${rule('├', '┼', '┤')}\n`), rule('└', '┴', '┘')].join('\n');
}
