/** The examples in a browser: each trains on the page's GPU. `?example=digits&steps=20` begins at once. */
import { init } from 'heddle';
import { History } from 'heddle/training';
import { EXAMPLES } from '../index.ts';
import type { Outcome, Picture } from '../support/example.ts';
import { downloads } from './downloads.ts';

const element = <T extends HTMLElement>(id: string): T => document.querySelector<T>(`#${id}`)!;
const [title, status, chart, text, pictures] = ['title', 'status', 'chart', 'text', 'pictures'].map((id) => element(id));
const progress = element<HTMLProgressElement>('progress');
const stepsWanted = element<HTMLInputElement>('steps');

/** Milliseconds between two drawings of the chart. */
const REDRAW = 250;

async function run(name: string): Promise<Outcome> {
  const example = await EXAMPLES[name]!();
  const steps = stepsWanted.valueAsNumber > 0 ? stepsWanted.valueAsNumber : example.steps;
  title!.textContent = example.title;
  for (const old of [status, chart, text, pictures]) old!.replaceChildren();
  progress.value = 0;

  const history = new History();
  let drawn = 0;
  const { figures, ...seen } = await example.train({
    data: downloads,
    keeper: { restore: async () => 0, save: async () => {} },
    steps,
    seed: 0,
    report(step, figures) {
      history.record(step, figures);
      progress.value = step / steps;
      status!.textContent = `step ${step} of ${steps}  ${show(figures)}`;
      if (performance.now() - drawn < REDRAW) return;
      chart!.innerHTML = history.svg();
      drawn = performance.now();
    },
  });
  progress.value = 1;
  chart!.innerHTML = history.svg();
  status!.textContent = show(figures);
  text!.textContent = seen.text ?? '';
  pictures!.replaceChildren(...(seen.pictures ?? []).map(canvasOf));
  return { figures, ...seen };
}

function show(figures: Readonly<Record<string, number>>): string {
  return Object.entries(figures).map(([name, value]) => `${name} ${value.toFixed(4)}`).join('  ');
}

function canvasOf({ width, height, pixels }: Picture): HTMLCanvasElement {
  const canvas = Object.assign(document.createElement('canvas'), { width, height });
  const grey = Uint8ClampedArray.from({ length: 4 * width * height }, (_, i) => (i % 4 === 3 ? 255 : pixels[Math.floor(i / 4)]! * 255));
  canvas.getContext('2d')!.putImageData(new ImageData(grey, width, height), 0, 0);
  return canvas;
}

/** One example at a time; what goes wrong is shown. */
async function start(name: string): Promise<Outcome> {
  buttons.forEach((button) => (button.disabled = true));
  try {
    return await run(name);
  } catch (error) {
    status!.textContent = String(error);
    throw error;
  } finally {
    buttons.forEach((button) => (button.disabled = false));
  }
}

const buttons = Object.keys(EXAMPLES).map((name) => {
  const button = Object.assign(document.createElement('button'), { textContent: name });
  button.addEventListener('click', () => void start(name));
  return button;
});
element('examples').append(...buttons);

await init();
const wanted = new URLSearchParams(location.search);
stepsWanted.value = wanted.get('steps') ?? '';
const name = wanted.get('example');
if (name !== null && name in EXAMPLES) Object.assign(globalThis, { report: await start(name) });
