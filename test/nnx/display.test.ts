/** Modules and their parts in consoles, pages and developer tools. */
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { evalShape, makeJaxpr, nnx, np } from '../../src/index.ts';
import type { Tensor } from '../../src/index.ts';
import { property } from '../support/property.ts';
import { parseXml } from '../support/xml.ts';
import type { Element } from '../support/xml.ts';

const { BatchStat, Module, Param } = nnx;

class Layer extends Module {
  readonly size: number;
  readonly w: nnx.Param;

  constructor(size: number) {
    super();
    this.size = size;
    this.w = new Param(np.ones([size, 2]), { tag: 'weights' });
  }

  forward(x: Tensor): Tensor {
    return x.matmul(this.w);
  }
}

/** A model with all there is: lists, Maps, what is shared and what contains itself. */
class Model extends Module {
  readonly name = 'it';
  readonly first: Layer = new Layer(3);
  readonly layers: readonly Layer[] = [this.first, new Layer(2)];
  readonly named: ReadonlyMap<string, unknown> = new Map<string, unknown>([['tied', this.first.w], ['rate', 0.5]]);
  readonly mean = new BatchStat(np.zeros([2]));
  readonly options = { act: Math.tanh, sizes: [1, 2], deep: { on: true } };
  readonly nothing = undefined;
  readonly parent: Model = this;

  get derived(): never {
    throw new Error('getters do not run');
  }
}

const model = new Model();

describe('in the console', () => {
  test('test_repr: a module shows its fields, with the numbers and bytes of its Variables; what is met again is named', () => {
    expect(inspect(model)).toMatchInlineSnapshot(`
      "Model { # Param: 10 (40 B), BatchStat: 2 (8 B), Total: 12 (48 B)
        name: "it",
        first: Layer { # Param: 6 (24 B)
          size: 3,
          w: Param(float32[3,2], tag="weights")
        },
        layers: [
          [Shared: first],
          Layer { # Param: 4 (16 B)
            size: 2,
            w: Param(float32[2,2], tag="weights")
          }
        ],
        named: Map { tied: [Shared: first/w], rate: 0.5 },
        mean: BatchStat(float32[2]),
        options: {act: tanh, sizes: [1, 2], deep: {on: true}},
        parent: [Circular: the root]
      }"
    `);
  });

  test('depth is that of the caller', () => {
    expect(inspect(model, { depth: 0 })).toMatchInlineSnapshot(`
      "Model { # Param: 10 (40 B), BatchStat: 2 (8 B), Total: 12 (48 B)
        name: "it",
        first: [Layer],
        layers: [Array],
        named: [Map],
        mean: BatchStat(float32[2]),
        options: {act: tanh, sizes: [1, 2], deep: {on: true}},
        parent: [Circular: the root]
      }"
    `);
    expect(inspect({ a: { b: model } }, { depth: 1 })).toBe('{ a: { b: [Model] } }');
    expect(inspect(model, { depth: null })).toBe(inspect(model, { depth: 20 }));
  });

  test('colours are those of Node, and nothing but colours', () => {
    const colored = inspect(model, { colors: true });
    expect(colored).toContain('\u001B[36mParam(float32[3,2], tag="weights")\u001B[39m');
    expect(colored).toContain('\u001B[33m3\u001B[39m');
    const plain = colored.split('\u001B').map((part) => part.replace(/^\[\d+m/, '')).join('');
    expect(plain).toBe(inspect(model));
  });

  test('a State, a GraphDef, random streams, Variables and tensors', () => {
    const [state, graphdef] = model.split();
    expect(inspect(state)).toMatchInlineSnapshot(`
      "State({ # Param: 10 (40 B), BatchStat: 2 (8 B), Total: 12 (48 B)
        'first/w': Param(value=float32[3,2], sharding=null, tag="weights"),
        'layers/1/w': Param(value=float32[2,2], sharding=null, tag="weights"),
        'mean': BatchStat(value=float32[2], sharding=null)
      })"
    `);
    expect(inspect(graphdef, { depth: 5 })).toMatchInlineSnapshot(`
      "GraphDef Model { # module 0
        first: GraphDef Layer { # module 1
          w: 'first/w',
          size: 3
        },
        layers: [
          [module 1],
          GraphDef Layer { # module 2
            w: 'layers/1/w',
            size: 2
          }
        ],
        mean: 'mean',
        named: Map { tied: 'first/w', rate: 0.5 },
        parent: [module 0],
        name: "it",
        options: {act: tanh, sizes: [1, 2], deep: {on: true}}
      }"
    `);
    expect(inspect(new nnx.Rngs(0), { depth: 5 })).toMatchInlineSnapshot(`
      "Rngs { # RngState: 3 (12 B)
        streams: {
          default: RngStream { # RngState: 3 (12 B)
            tag: "default",
            isBroadcast: false,
            key: RngKey(uint32[2], tag="default"),
            count: RngCount(uint32[], tag="default")
          }
        }
      }"
    `);
    expect(inspect([model.first.w, model.mean.value, new nnx.State()])).toBe(
      "[\n  Param(value=float32[3,2], sharding=null, tag=\"weights\"),\n  Tensor(float32[2]),\n  State({})\n]",
    );
  });

  test('toString is as it was: that of the tiny-NNX document', () => {
    const [state] = new Layer(3).split();
    expect(String(state)).toBe("State({\n  'w': Param(value=float32[3,2], sharding=null)\n})");
    expect(String(new Layer(3).split()[1])).toBe('GraphDef(type=Layer, index=0, submodules={}, staticFields={size: 3})');
  });

  test('a field that computes is not called, and a long static value is cut', () => {
    const odd = Object.assign(new Layer(1), { long: 'x'.repeat(1000) });
    Object.defineProperty(odd, 'lazy', { enumerable: true, get: () => expect.fail('it ran') });
    const text = inspect(odd);
    expect(text).toContain('lazy: [Getter]');
    expect(text.length).toBeLessThan(400);
  });

  test('printing is no read of state, works while tracing, and on what a trace left behind', () => {
    const layer = new Layer(2);
    const texts: string[] = [];
    const { reads } = makeJaxpr((x: Tensor) => {
      texts.push(inspect(layer), inspect(x), inspect(layer.w));
      return x;
    })(np.ones([2]));
    expect(reads).toEqual([]);
    expect(texts[0]).toBe(inspect(layer));
    expect(texts[1]).toMatch(/^Tracer\(f32\[2\] in makeJaxpr/);
    const made: nnx.Param[] = [];
    evalShape((x: Tensor) => {
      made.push(new Param(x));
      return x;
    }, np.ones([2]));
    expect(inspect(made[0])).toBe('Param(value=no value outside the trace that made it, sharding=null)');
    layer.w.dispose();
    expect(inspect(layer)).toContain('Param(float32[2,2], tag="weights")');
  });
});

/** What a person reads. */
function textOf(element: Element): string {
  if (element.name === 'style') return '';
  return element.children.map((child) => (typeof child === 'string' ? child : textOf(child))).join('');
}

function all(element: Element, name: string): Element[] {
  const inside = element.children.flatMap((child) => (typeof child === 'string' ? [] : all(child, name)));
  return element.name === name ? [element, ...inside] : inside;
}

describe('in a page', () => {
  test('a tree that opens, with the same texts as in the console', () => {
    const html = parseXml(nnx.display(model));
    const plain = (text: string): string => text.replaceAll(/[\s,]/g, '');
    expect(plain(textOf(html))).toBe(plain(inspect(model, { depth: null })));
    const trees = all(html, 'details');
    expect(trees.length).toBeGreaterThan(4);
    expect(trees[0]!.attributes).toEqual({ open: '' });
    expect(trees.some(({ attributes }) => !('open' in attributes))).toBe(true);
    expect(nnx.display(model)).not.toMatch(/<script|https?:|url\(/);
  });

  test('anything else is its text', () => {
    expect(textOf(parseXml(nnx.display({ toString: () => '<b>' })))).toBe('<b>');
    expect(nnx.display(nnx.tabulate(model.first, np.ones([1, 3])))).toContain('<pre>Layer Summary\n');
  });

  const leaf = fc.oneof(fc.string({ unit: 'grapheme' }), fc.double(), fc.boolean(), fc.constant(null));
  const fields = fc.dictionary(fc.stringMatching(/^[a-z<>&"' é-]{1,8}$/), leaf, { noNullPrototype: true });

  property('is well-formed, whatever fields are called and hold', [fields, fields], (outer, inner) => {
    const nested = Object.assign(new Layer(1), { ...outer, inside: Object.assign(new Layer(2), inner) });
    expect(inspect(nested)).toContain('inside: Layer {');
    expect(all(parseXml(nnx.display(nested)), 'details')).toHaveLength(2);
  });
});

test('developer tools get a header, and a body to open', () => {
  const { header, hasBody, body } = nnx.devtoolsFormatter;
  expect([header(1), hasBody({}), body('x')]).toEqual([null, false, null]);
  expect(JSON.stringify(header(model.first))).toContain('Param: 6 (24 B)');
  expect(hasBody(model.first)).toBe(true);
  expect(JSON.stringify(body(model.first))).toContain('Param(float32[3,2], tag=\\"weights\\")');
  expect(header(model.mean)).toEqual(['span', { style: 'color: #0550ae' }, 'BatchStat(value=float32[2], sharding=null)']);
  expect(hasBody(model.mean)).toBe(false);
});
