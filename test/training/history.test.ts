/** A training history: what it keeps, and how it draws itself as text and as SVG. */
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { np } from '../../src/index.ts';
import { History } from '../../src/training/index.ts';
import type { ChartOptions, Scale, SvgOptions } from '../../src/training/index.ts';
import { messageOf } from '../support/messages.ts';
import { property } from '../support/property.ts';
import { parseXml } from '../support/xml.ts';
import type { Element } from '../support/xml.ts';

/** A loss that falls from 2 and is lost at two steps, and an accuracy that is measured now and then. */
function training(): History {
  const history = new History();
  for (let step = 0; step < 100; step++) {
    const lost = step === 40 || step === 41;
    history.record(step, { loss: lost ? NaN : 2 / (1 + step / 10) });
    if (step % 10 === 9) history.record(step, { accuracy: step / 100 });
  }
  return history;
}

const steps = fc.uniqueArray(fc.nat(10_000), { maxLength: 40 }).map((list) => list.sort((a, b) => a - b));
const values = fc.oneof(fc.double(), fc.constantFrom(NaN, Infinity, -Infinity, 0, 1e300, -1e300, 5e-324));
const series = steps.chain((list) => {
  const lengths = { minLength: list.length, maxLength: list.length };
  return fc.array(values, lengths).map((drawn) => ({ list, drawn }));
});
const histories = fc.dictionary(fc.string({ unit: 'binary' }), series, { maxKeys: 4, noNullPrototype: true }).map((drawn) => {
  const history = new History();
  for (const [name, { list, drawn: numbers }] of Object.entries(drawn)) {
    list.forEach((step, i) => history.record(step, Object.fromEntries([[name, numbers[i]!]])));
  }
  return history;
});

describe('a history', () => {
  test('keeps points by name', () => {
    const history = training();
    expect(history.names).toEqual(['loss', 'accuracy']);
    expect(history.get('accuracy').slice(0, 2)).toEqual([{ step: 9, value: 0.09 }, { step: 19, value: 0.19 }]);
    expect(history.last('accuracy')).toBe(0.99);
    expect(inspect(history)).toBe('History(loss: 100 values, 0.1835 at step 99; accuracy: 10 values, 0.99 at step 99)');
  });

  property('comes back from JSON, values that are not finite too', [histories], (history) => {
    const back = History.from(JSON.parse(JSON.stringify(history)));
    expect(back.names).toEqual(history.names);
    for (const name of history.names) {
      const bits = (one: History): unknown[] => one.get(name).map(({ step, value }) => [step, value + 0]);
      expect(bits(back)).toEqual(bits(history));
    }
  });

  test('goes on where a checkpoint was taken', () => {
    const history = History.from(JSON.parse(JSON.stringify(training())));
    history.rewind(50);
    expect(history.get('loss').at(-1)!.step).toBe(49);
    history.record(50, { loss: 1, accuracy: 0.5 });
    expect(history.last('accuracy')).toBe(0.5);
    history.rewind(0);
    expect(history.names).toEqual([]);
  });

  test('refuses what is no history of numbers', () => {
    const history = training();
    const messages = [
      () => history.record(99, { loss: 1 }),
      () => history.record(1.5, { loss: 1 }),
      () => history.record(100, { loss: np.array(1) as unknown as number }),
      () => history.last('los'),
      () => history.chart({ series: ['loss', 'f1'] }),
      () => history.chart({ width: 8 }),
      () => history.svg({ scale: 'cubic' as 'log' }),
      () => history.svg({ colour: true } as SvgOptions),
      () => History.from({ loss: [1, 2] }),
      () => History.from({ format: 'heddle history 1', series: { loss: { steps: [1], values: [] } } }),
      () => History.from({ format: 'heddle history 1', series: { loss: { steps: [1], values: ['one'] } } }),
    ].map((f) => messageOf(f).replaceAll(/\n {2}at: .*/g, ''));
    expect(messages).toMatchInlineSnapshot(`
      [
        "[VALUE] History.record: 'loss' has a value at step 99 already, and steps go up: 99
        fix: history.rewind(99); // forgets step 99 and those after it",
        "[VALUE] History.record: step is 1.5, not an integer from 0 on
        fix: step: 0",
        "[VALUE] History.record: loss is an object of class Tensor, not a number
        fix: { loss: await loss.item() }",
        "[VALUE] History.get: there is no series 'los'; the series are 'loss', 'accuracy'
        fix: history.record(step, { los: value })",
        "[VALUE] History.chart: there is no series 'f1'; the series are 'loss', 'accuracy'
        fix: history.record(step, { f1: value })",
        "[VALUE] History.chart: width is 8, not an integer from 24 on
        fix: width: 24",
        "[VALUE] History.svg: the string cubic is not a scale; the scales are linear, log
        fix: { scale: 'log' }",
        "[VALUE] History.svg: there is no option colour; the options are title, series, scale, width, height
        fix: History.svg(..., { title: '' })",
        "[VALUE] History.from: this is not the JSON of a history: its format is undefined
        fix: History.from(JSON.parse(JSON.stringify(history)))",
        "[VALUE] History.from: this is not the JSON of a history: the steps and values of 'loss' are no lists of one length
        fix: History.from(JSON.parse(JSON.stringify(history)))",
        "[VALUE] History.from: this is not the JSON of a history: a value of 'loss' is the string one
        fix: History.from(JSON.parse(JSON.stringify(history)))",
      ]
    `);
    expect(history.get('loss').length).toBe(100);
  });
});

describe('as text', () => {
  test('one series in braille dots', () => {
    expect(training().chart({ width: 60, height: 8, series: ['loss'] })).toMatchInlineSnapshot(`
      "loss 0.1835
      2 ┤⢣
        │⠈⢆
        │ ⠈⠢⡀
        │   ⠘⢄
      1 ┤     ⠑⠤⣀
        │        ⠉⠒⠤⢄⣀
        │             ⠉⠉⠒⠒⠤⠤⠤⣀⣀⣀
        │                        ⠉⠉⠉⠉⠉⠒⠒⠒⠒⠒⠒⠒⠢⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⣀⣀⣀⣀⣀⣀⣀⣀⣀
        └┬───────────────────────────┬────────────────────────────
         0                          50
      loss: not drawn: NaN at step 40, NaN at step 41"
    `);
  });

  test('several series by marks, with a title', () => {
    expect(training().chart({ width: 60, height: 8, title: 'digits' })).toMatchInlineSnapshot(`
      "digits   • loss 0.1835   × accuracy 0.99
      2 ┤•
        │ •
        │  ••
        │   •••
      1 ┤      •••                                  ××××××××××××××
        │         •••••••••             ××××××××××××
        │              ×××××××××××××××××••••••••••••••
        │     ×××××××××                               ••••••••••••
        └┬───────────────────────────┬────────────────────────────
         0                          50
      loss: not drawn: NaN at step 40, NaN at step 41"
    `);
  });

  test('on a logarithmic scale, without the value that has no place there', () => {
    const history = new History();
    for (let step = 0; step <= 1000; step += 10) history.record(step, { error: 10 ** (-step / 250) });
    history.record(1010, { error: 0 });
    expect(history.chart({ width: 50, height: 9, scale: 'log' })).toMatchInlineSnapshot(`
      "error 0
           1 ┤⠉⠒⠤⢄⡀
             │    ⠈⠑⠢⠤⣀
             │         ⠉⠑⠢⢄⡀
             │             ⠈⠉⠒⠤⢄⡀
        0.01 ┤                  ⠈⠙⠢⠤⣀
             │                       ⠉⠓⠢⢤⣀
             │                            ⠉⠒⠤⣄⡀
             │                                ⠈⠙⠒⠤⣀
      0.0001 ┤                                     ⠉⠓⠢⢤⡀
             └┬───────────────────┬────────────────────┬
              0                  500                1000
      error: not drawn: 0 at step 1010"
    `);
  });

  test('with colours', () => {
    const colored = training().chart({ width: 30, height: 3, color: true });
    const parts = colored.split('\u001B');
    expect(new Set(parts.slice(1).map((part) => part.slice(0, 4)))).toEqual(new Set(['[34m', '[33m', '[39m']));
    expect(parts.map((part) => part.replace(/^\[\d+m/, '')).join('').split('\n')[0]).toBe('━ loss 0.1835   ━ accuracy 0.99');
  });

  test('of nothing, of one value, and of no finite value', () => {
    const history = new History();
    expect(history.chart({ height: 3 })).toContain('│');
    history.record(7, { loss: 0.25 });
    expect(history.chart({ width: 24, height: 3 })).toMatchInlineSnapshot(`
      "loss 0.25
           │
      0.25 ┤         ⠄
           │
           └─────────┬────────
                     7"
    `);
    history.record(8, { other: NaN });
    expect(history.chart({ width: 24, height: 3, series: ['other'] })).toMatchInlineSnapshot(`
      "other NaN
       │
       │
       │
       └───────────┬──────────
                   8
      other: not drawn: NaN at step 8"
    `);
  });

  const options: fc.Arbitrary<ChartOptions> = fc.record({
    width: fc.integer({ min: 24, max: 100 }),
    height: fc.integer({ min: 3, max: 20 }),
    scale: fc.constantFrom('linear', 'log'),
  });

  property('has its size, and names what it does not draw', [histories, options], (history, chosen) => {
    const [, ...lines] = history.chart(chosen).split('\n');
    expect(lines.slice(0, chosen.height! + 2).every((line) => [...line].length <= chosen.width!)).toBe(true);
    const lost = history.names.filter((name) =>
      history.get(name).some(({ value }) => !Number.isFinite(value) || (chosen.scale === 'log' && value <= 0)),
    );
    expect(lines.length).toBe(chosen.height! + 2 + lost.length);
    expect(lines.slice(-lost.length || lines.length).every((line) => line.includes(': not drawn: '))).toBe(true);
  });
});

describe('as SVG', () => {
  const all = (element: Element, name: string): Element[] => [
    ...(element.name === name ? [element] : []),
    ...element.children.flatMap((child) => (typeof child === 'string' ? [] : all(child, name))),
  ];
  const texts = (element: Element): string[] => all(element, 'text').map(({ children }) => children.join(''));
  const paths = (svg: Element, kind: string): Element[] =>
    all(svg, 'path').filter(({ attributes }) => attributes['class'] === `heddle-${kind}`);
  const lines = (svg: Element): string[] => paths(svg, 'line').map(({ attributes }) => attributes['d']!);

  test('has axes, ticks, a legend, a gap and its name', () => {
    const svg = parseXml(training().svg({ title: 'digits' }));
    expect(svg.name).toBe('svg');
    expect(svg.attributes).toMatchObject({ xmlns: 'http://www.w3.org/2000/svg', width: '720', viewBox: '0 0 720 400' });
    const labels = ['digits', 'loss 0.1835', 'accuracy 0.99', '0.5', '1.5', '20', '80', 'step'];
    expect(texts(svg)).toEqual(expect.arrayContaining(labels));
    expect(texts(svg)).toContain('loss: not drawn: NaN at step 40, NaN at step 41');
    const drawn = lines(svg).slice(-2);
    expect(drawn.map((d) => d.match(/M/g)!.length)).toEqual([2, 1]);
    expect(paths(svg, 'missing')).toHaveLength(2);
  });

  test('needs nothing else, and is readable in the dark', () => {
    const text = training().svg();
    expect(text).toContain('@media (prefers-color-scheme:dark)');
    expect(text.replace('xmlns="http://www.w3.org/2000/svg"', '')).not.toMatch(/https?:|url\(|<script|@import|<image/);
  });

  test('stays small when the history is long', () => {
    const history = new History();
    for (let step = 0; step < 50_000; step++) history.record(step, { loss: step === 31_415 ? 9 : Math.sin(step / 100) });
    const text = history.svg();
    expect(text.length).toBeLessThan(60_000);
    const [, d] = lines(parseXml(text));
    const heights = d!.slice(1).split('L').map((point) => Number(point.split(' ')[1]));
    expect(heights.filter((y) => y < 60)).toHaveLength(1); // The spike is there.
  });

  const scales = fc.constantFrom<Scale[]>('linear', 'log');
  property('is well-formed for every history', [histories, fc.string({ unit: 'binary' }), scales], (history, title, scale) => {
    const svg = parseXml(history.svg({ title, scale }));
    const numbers = lines(svg).flatMap((d) => d.match(/[^MLhVH ]+/g) ?? []).map(Number);
    expect(numbers.every((number) => Number.isFinite(number))).toBe(true);
    expect(paths(svg, 'line')).toHaveLength(2 * history.names.length);
  });
});
