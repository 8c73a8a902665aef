/** Published as `heddle/training`: a progress bar, and a history of numbers that draws itself. */
export { Progress } from './progress.ts';
export type { ProgressOptions, ProgressReport, ProgressStream } from './progress.ts';
export { History } from './history.ts';
export type { HistoryData, SeriesData } from './history.ts';
export type { PlotOptions, Point, Scale } from './plot.ts';
export type { ChartOptions } from './chart.ts';
export type { SvgOptions } from './svg.ts';
