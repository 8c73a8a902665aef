/** Checkpoints: what is saved comes back, differences are listed, and no crash or damage ever gives a wrong value. */
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BatchStat, HeddleError, Module, Param, Rngs, State, cpu, jit, np } from '../../src/index.ts';
import type { Tensor } from '../../src/index.ts';
import { checkpoint, readSafetensors } from '../../src/io/index.ts';
import { History } from '../../src/training/index.ts';
import { property } from '../support/property.ts';
import { Crash, MemoryFiles } from '../support/memory-files.ts';

class Layer extends Module {
  readonly w: Param;
  readonly mean: BatchStat = new BatchStat(np.array([0.5, 0.25]));
  readonly rate: number;

  constructor(value: number, rate = 0.1) {
    super();
    this.w = new Param(np.full([2, 2], value));
    this.rate = rate;
  }
}

class Model extends Module {
  readonly layers: readonly Layer[];
  readonly tied: Param;
  readonly mask: Param;

  constructor(value: number, rate = 0.1) {
    super();
    this.layers = [new Layer(value, rate), new Layer(value + 1, rate)];
    this.tied = this.layers[0]!.w;
    this.mask = new Param(np.array([true, false]));
  }
}

interface Training {
  readonly model: Model;
  readonly optimizer: readonly [{ readonly count: Tensor; readonly mu: State }, null];
  readonly rngs: Rngs;
}

function training(value: number): Training {
  const model = new Model(value);
  const [mu] = new Model(value / 2).split();
  return { model, optimizer: [{ count: np.array(value, { dtype: 'int32' }), mu }, null], rngs: new Rngs(value) };
}

/** Every number of the training, to compare two of them. */
async function numbers({ model, optimizer: [{ count, mu }], rngs }: Training): Promise<unknown> {
  const read = async (state: State): Promise<unknown> =>
    Promise.all([...state].map(async ([path, variable]) => [path, variable.dtype, await variable.value.array()]));
  return [await read(model.split()[0]), await count.array(), await read(mu), await read(rngs.split()[0])];
}

async function errorOf(run: Promise<unknown>): Promise<HeddleError> {
  const error: unknown = await run.then(() => null, (reason: unknown) => reason);
  if (!(error instanceof HeddleError)) throw new Error(`no HeddleError, but ${String(error)}`);
  return error;
}

describe('save and restore', () => {
  test('on the disk: modules in place, tensors anew, the step', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'heddle-checkpoint-'));
    try {
      expect(await checkpoint.latest(`${folder}/run`)).toBeNull();
      const saved = training(4);
      saved.rngs.makeRng();
      const path = await checkpoint.save(`${folder}/run`, { ...saved, step: 12 });
      expect((await readdir(path)).sort()).toEqual(['manifest.json', 'tensors-00000.safetensors']);
      const { tensors } = readSafetensors(await readFile(join(path, 'tensors-00000.safetensors')));
      expect(tensors['model/layers/1/w']).toEqual({ dtype: 'float32', shape: [2, 2], data: Float32Array.of(5, 5, 5, 5) });

      const target = training(8);
      const { step, parts, path: from, damaged } = await checkpoint.restore(`${folder}/run`, target);
      expect([step, from, damaged]).toEqual([12, path, []]);
      expect(parts.model).toBe(target.model);
      expect(await numbers(parts)).toEqual(await numbers(saved));
      expect(target.model.tied).toBe(target.model.layers[0]!.w);
      expect(await parts.rngs.makeRng().array()).toEqual(await saved.rngs.makeRng().array());
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('plain data beside the tensors', async () => {
    const files = new MemoryFiles();
    const history = new History();
    history.record(1, { loss: 0.5, accuracy: NaN });
    const customMetadata = { history, name: 'Ω\ud83d\ude00', 10: [null, true, -1.5e-7, []], '': {} };
    await checkpoint.save('run', { step: 1 }, { files, customMetadata });
    const restored = await checkpoint.restore('run', {}, { files });
    expect(restored.customMetadata).toEqual({ ...customMetadata, history: history.toJSON() });
    expect(History.from(history.toJSON()).get('loss')).toEqual(history.get('loss'));
    await checkpoint.save('run', { step: 2 }, { files });
    expect((await checkpoint.restore('run', {}, { files })).customMetadata).toBeUndefined();
  });

  test('the values are those at the time of the call', async () => {
    const files = new MemoryFiles();
    const model = new Model(1);
    const saving = checkpoint.save('run', { model, step: 0 }, { files });
    model.tied.value = np.zeros([2, 2]);
    await saving;
    await checkpoint.restore('run', { model }, { files });
    expect(await model.tied.value.array()).toEqual([[1, 1], [1, 1]]);
  });

  test('values are kept and restored as they are below hooks', async () => {
    const files = new MemoryFiles();
    const hooked = (value: number): Param => new Param(value, { onGetValue: (_, x) => x.mul(2), onSetValue: (_, x) => x.add(100) });
    await checkpoint.save('run', { w: hooked(3), step: 0 }, { files });
    const { parts } = await checkpoint.restore('run', { w: hooked(1) }, { files });
    expect([await parts.w.rawValue.item(), await parts.w.value.item()]).toEqual([3, 6]);
  });

  test('saves that overlap follow one another', async () => {
    const files = new MemoryFiles();
    const paths = [1, 2, 3].map((step) => checkpoint.save('run', { model: new Model(step), step }, { files }));
    expect(await Promise.all(paths)).toEqual(['run/000001-step-1', 'run/000002-step-2', 'run/000003-step-3']);
    const { parts } = await checkpoint.restore('run', { model: new Model(0) }, { files });
    expect(await parts.model.tied.value.array()).toEqual([[3, 3], [3, 3]]);
  });

  test('a jitted function sees what was restored', async () => {
    const files = new MemoryFiles();
    const model = new Model(1);
    const total = jit((m: Model) => np.sum(m.tied.value), { device: cpu });
    expect(await total(model).item()).toBe(4);
    await checkpoint.save('run', { model: new Model(3), step: 0 }, { files });
    await checkpoint.restore('run', { model }, { files });
    expect(await total(model).item()).toBe(12);
  });

  test('tensors are cut into files of a size, in order of their paths', async () => {
    const files = new MemoryFiles();
    const saved = training(2);
    await checkpoint.save('run', { ...saved, step: 1 }, { files, shardBytes: 24 });
    const shards = [...files.files].filter(([path]) => path.endsWith('.safetensors'));
    expect(shards.length).toBeGreaterThan(4);
    const names = shards.flatMap(([, bytes]) => Object.keys(readSafetensors(bytes).tensors));
    expect(names).toEqual([...names].sort());
    const { parts } = await checkpoint.restore('run', training(5), { files });
    expect(await numbers(parts)).toEqual(await numbers(saved));
  });

  test('keeps the last three, or as many as asked for', async () => {
    const files = new MemoryFiles();
    const model = new Model(0);
    expect(await checkpoint.latest('run', { files })).toBeNull();
    for (let step = 0; step < 12; step++) await checkpoint.save('run', { model, step }, { files });
    expect((await checkpoint.list('run', { files })).map(({ step }) => step)).toEqual([11, 10, 9]);
    await checkpoint.save('run', { model, step: 11 }, { files, keep: 1 });
    expect(await checkpoint.list('run', { files })).toEqual([{ path: 'run/000013-step-11', step: 11 }]);
    expect((await files.list('run')).length).toBe(1);
  });

  test('another step than the newest', async () => {
    const files = new MemoryFiles();
    for (const step of [1, 2]) await checkpoint.save('run', { model: new Model(step), step }, { files });
    const model = new Model(0);
    await checkpoint.restore('run', { model }, { files, step: 1 });
    expect(await model.tied.value.array()).toEqual([[1, 1], [1, 1]]);
    const error = await errorOf(checkpoint.restore('run', { model }, { files, step: 3 }));
    expect(error.problem).toBe('there is no checkpoint of step 3 in run');
  });

  test('by filter: only the chosen Variables, whatever else differs', async () => {
    const files = new MemoryFiles();
    await checkpoint.save('run', { model: new Layer(7), step: 0 }, { files });
    const model = new Layer(1, 0.9);
    model.mean.value = np.zeros([3]);
    await checkpoint.restore('run', { model }, { files, filter: Param });
    expect(await model.w.value.array()).toEqual([[7, 7], [7, 7]]);
    expect(await model.mean.value.array()).toEqual([0, 0, 0]);
    await checkpoint.restore('run', { model: new Model(0).layers[0]! }, { files, filter: (path) => path === 'mean' });
  });
});

describe('differences', () => {
  test('every path in one error, and nothing is written', async () => {
    const files = new MemoryFiles();
    const one = (): Param => new Param(1);
    const model = new State([['a', one()], ['b', new Param(np.ones([2]))], ['c', one()], ['e', new Param(5)]]);
    await checkpoint.save('run', { model, step: 0 }, { files });
    const e = new Param(0);
    const integer = new Param(np.array(1, { dtype: 'int32' }));
    const target = new State([['b', new Param(np.ones([3]))], ['c', integer], ['d', one()], ['e', e]]);
    const error = await errorOf(checkpoint.restore('run', { model: target }, { files }));
    expect(error.code).toBe('PYTREE');
    expect(error.problem).toBe(
      [
        'run/000001-step-0 does not fit the target (checkpoint -> target):',
        '  model/b: shape [2] -> [3]',
        '  model/c: dtype float32 -> int32',
        '  model/d: missing, the checkpoint has none',
        '  model/a: unexpected, the target has none',
      ].join('\n'),
    );
    expect(await e.value.item()).toBe(0);
  });

  test('static fields, unless told otherwise', async () => {
    const files = new MemoryFiles();
    await checkpoint.save('run', { model: new Model(1), step: 0 }, { files });
    const model = new Model(2, 0.3);
    const error = await errorOf(checkpoint.restore('run', { model }, { files }));
    expect(error.problem).toContain('\n  model/layers/0.rate: 0.1 -> 0.3\n  model/layers/1.rate: 0.1 -> 0.3');
    await checkpoint.restore('run', { model }, { files, checkStatics: false });
    expect(await model.tied.value.array()).toEqual([[1, 1], [1, 1]]);
  });

  test('sharing and the shape of trees', async () => {
    const files = new MemoryFiles();
    const [a, b] = [new Param(1), new Param(2)];
    class Two extends Module {
      readonly a: Param = a;
      readonly b: Param;
      constructor(other: Param) {
        super();
        this.b = other;
      }
    }
    await checkpoint.save('run', { model: new Two(b), list: [np.array(1)], step: 0 }, { files });
    expect((await errorOf(checkpoint.restore('run', { model: new Two(a) }, { files }))).problem).toContain('model/b: unexpected');
    const error = await errorOf(checkpoint.restore('run', { list: [np.array(1), null] }, { files }));
    expect(error.problem).toContain('list (tree): [*] -> [*, null]');
  });

  test('numbers in trees are compared, Variables in trees are written', async () => {
    const files = new MemoryFiles();
    await checkpoint.save('run', { ema: { decay: 0.9, w: new Param(2) }, step: 0 }, { files });
    const w = new Param(1);
    const error = await errorOf(checkpoint.restore('run', { ema: { decay: 0.5, w } }, { files }));
    expect(error.problem).toContain('\n  ema.decay: 0.9 -> 0.5');
    const { parts } = await checkpoint.restore('run', { ema: { decay: 0.9, w } }, { files });
    expect([parts.ema.w === w, await w.value.item()]).toEqual([true, 2]);
  });

  test('parts that were not saved, and folders without checkpoints', async () => {
    const files = new MemoryFiles();
    await checkpoint.save('run', { step: 0 }, { files });
    expect((await errorOf(checkpoint.restore('run', { ema: np.array(1) }, { files }))).problem).toContain('ema: missing');
    const error = await errorOf(checkpoint.restore('other', { ema: np.array(1) }, { files }));
    expect([error.code, error.problem]).toEqual(['VALUE', 'there is no checkpoint in other']);
  });

  test('what is no tensor, and what is no count', async () => {
    const files = new MemoryFiles();
    expect((await errorOf(checkpoint.save('run', { x: new Float32Array(2), step: 0 }, { files }))).code).toBe('PYTREE');
    const error = await errorOf(checkpoint.save('run', { step: -1 }, { files }));
    expect(error.problem).toBe('checkpoint.save: step is -1, not an integer from 0 on');
    expect((await errorOf(checkpoint.save('run', { step: 0 }, { files, keep: 0 }))).problem).toContain('keep is 0');
  });

  test('custom metadata that JSON does not have', async () => {
    const files = new MemoryFiles();
    const problemOf = async (customMetadata: unknown): Promise<string> =>
      (await errorOf(checkpoint.save('run', { step: 0 }, { files, customMetadata }))).problem;
    const cycle: unknown[] = [];
    cycle.push({ cycle });
    expect([
      await problemOf({ losses: [1, NaN] }),
      await problemOf({ best: undefined }),
      await problemOf(new Map()),
      await problemOf({ f: () => 1 }),
      await problemOf(cycle),
    ]).toEqual([
      'customMetadata.losses[1] is the number NaN, which JSON does not have',
      'customMetadata.best is undefined, which JSON does not have',
      'customMetadata is an object of class Map, which JSON does not have',
      'customMetadata.f is the function f, which JSON does not have',
      'customMetadata[0].cycle is an object that contains itself, which JSON does not have',
    ]);
    expect((await errorOf(checkpoint.save('run', { step: 0 }, { files, customMetadata: np.array(1) }))).code).toBe('CONCRETIZATION');
    expect(files.files.size).toBe(0);
  });

  test('two tensors of one path', async () => {
    const x = np.array(1);
    const part = { 'a.b': x, a: { b: x } };
    const error = await errorOf(checkpoint.save('run', { part, step: 0 }, { files: new MemoryFiles() }));
    expect(error.problem).toContain("have the path 'part.a.b'");
  });
});

describe('damage', () => {
  const saved = (async () => {
    const files = new MemoryFiles();
    for (const value of [1, 2]) {
      const options = { files, shardBytes: 60, customMetadata: { losses: [1, 0.5], note: 'b' } };
      await checkpoint.save('run', { ...training(value), step: value }, options);
    }
    return { files, values: [await numbers(training(1)), await numbers(training(2))] as const };
  })();
  const newest = async (): Promise<string[]> => {
    const { files } = await saved;
    return [...files.files.keys()].filter((path) => path.includes('step-2')).sort();
  };

  const damages = fc.oneof(
    fc.record({ kind: fc.constant('flip' as const), file: fc.nat(), at: fc.nat(), bits: fc.integer({ min: 1, max: 255 }) }),
    fc.record({ kind: fc.constantFrom('cut', 'extend', 'lose'), file: fc.nat(), at: fc.nat(), bits: fc.nat(255) }),
  );

  property(
    'a byte changed, cut off, added or a file lost is refused, and the checkpoint before it is restored when asked for',
    [damages],
    async ({ kind, file, at, bits }) => {
      const { files: whole, values } = await saved;
      const files = whole.copy();
      const paths = await newest();
      const path = paths[file % paths.length]!;
      const bytes = files.files.get(path)!.slice();
      if (kind === 'flip') bytes[at % bytes.length]! ^= bits;
      if (kind === 'lose') files.files.delete(path);
      else if (kind === 'cut') files.files.set(path, bytes.slice(0, at % bytes.length));
      else files.files.set(path, kind === 'extend' ? Uint8Array.of(...bytes, bits) : bytes);

      const target = training(5);
      const error = await errorOf(checkpoint.restore('run', target, { files }));
      expect(error.problem).toContain(`${path} is damaged: `);
      expect(await numbers(target)).toEqual(await numbers(training(5)));

      const { step, parts, damaged } = await checkpoint.restore('run', target, { files, fallback: true });
      expect([step, damaged.map(({ problem }) => problem)]).toEqual([1, [error.problem]]);
      expect(await numbers(parts)).toEqual(values[0]);
    },
    200,
  );

  test('every single byte of the smallest checkpoint', async () => {
    const files = new MemoryFiles();
    await checkpoint.save('run', { x: np.array([1, 2]), step: 3 }, { files, customMetadata: [1] });
    for (const [path, bytes] of files.files) {
      for (let at = 0; at < bytes.length; at++) {
        const broken = files.copy();
        broken.files.set(path, bytes.map((byte, i) => (i === at ? byte ^ 1 : byte)));
        const error = await errorOf(checkpoint.restore('run', { x: np.array([0, 0]) }, { files: broken }));
        expect(error.problem).toContain(`${path} is damaged: `);
      }
    }
  });

  test('all damaged: the error lists each', async () => {
    const files = (await saved).files.copy();
    for (const path of files.files.keys()) if (path.endsWith('manifest.json')) files.files.delete(path);
    const { problem } = await errorOf(checkpoint.restore('run', training(1), { files, fallback: true }));
    expect(problem).toBe(
      [
        'no checkpoint in run is whole:',
        '  run/000002-step-2/manifest.json is damaged: it cannot be read: no such file: run/000002-step-2/manifest.json',
        '  run/000001-step-1/manifest.json is damaged: it cannot be read: no such file: run/000001-step-1/manifest.json',
      ].join('\n'),
    );
  });

  test('a checkpoint under the name of another step', async () => {
    const files = (await saved).files.copy();
    await files.rename('run/000002-step-2', 'run/000002-step-7');
    const { problem } = await errorOf(checkpoint.restore('run', training(1), { files }));
    expect(problem).toContain('run/000002-step-7/manifest.json is damaged: it is of step 2');
  });
});

test('a crash after any step of saving leaves the checkpoint before it or the new one; the next save cleans up', async () => {
  const before = new MemoryFiles();
  await checkpoint.save('run', { ...training(1), step: 1 }, { files: before });
  let crashes = 0;
  for (let left = 0; ; left++) {
    const files = before.copy(left);
    const options = { files, keep: 1, shardBytes: 60 };
    const saving = await checkpoint.save('run', { ...training(2), step: 2 }, options).catch((error: unknown) => error);
    const rebooted = files.copy();
    const { step, parts } = await checkpoint.restore('run', training(9), { files: rebooted });
    expect(await numbers(parts)).toEqual(await numbers(training(step)));
    expect((await checkpoint.list('run', { files: rebooted })).every((found) => found.step === 1 || found.step === 2)).toBe(true);
    await checkpoint.save('run', { ...training(3), step: 3 }, { files: rebooted, keep: 1 });
    expect(await rebooted.list('run')).toHaveLength(1);
    if (!(saving instanceof Crash)) {
      expect(step).toBe(2);
      break;
    }
    crashes++;
  }
  expect(crashes).toBeGreaterThan(10);
});
