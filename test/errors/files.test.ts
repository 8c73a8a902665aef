/** What goes wrong with files and checkpoints: whole messages. */
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { Module, Param, cpu, np } from '../../src/index.ts';
import {
  batches, checkpoint, gunzip, prefetch, readCsv, readIdx, readSafetensors, toHost, writeSafetensors,
} from '../../src/io/index.ts';
import { MemoryFiles } from '../support/memory-files.ts';
import { messageOf, messageOfAsync } from '../support/messages.ts';

class Line extends Module {
  readonly kernel: Param;
  readonly rate: number;

  constructor(size = 2, rate = 0.1) {
    super();
    this.kernel = new Param(np.ones([size]));
    this.rate = rate;
  }
}

/** The message; awaiting here keeps this file in the stack. */
const refusal = (run: () => Promise<unknown>): Promise<string> => messageOfAsync(async () => void (await run()));

async function saved(): Promise<MemoryFiles> {
  const files = new MemoryFiles();
  for (const step of [1, 2]) await checkpoint.save('run', { model: new Line(), step }, { files });
  return files;
}

test('a damaged checkpoint, one of several and all', async () => {
  const files = await saved();
  const shard = 'run/000002-step-2/tensors-00000.safetensors';
  const bytes = files.files.get(shard)!;
  bytes[bytes.length - 1]! ^= 1;
  expect(await refusal(() => checkpoint.restore('run', { model: new Line() }, { files }))).toMatchInlineSnapshot(`
    "[CORRUPT] run/000002-step-2/tensors-00000.safetensors is damaged: the sha256 of 'model/kernel' is not that of the manifest
      at:  test/errors/files.test.ts:LINE
      fix: checkpoint.restore(folder, target, { fallback: true }) // the newest checkpoint that is whole"
  `);
  files.files.delete('run/000001-step-1/manifest.json');
  const restoring = (): Promise<unknown> => checkpoint.restore('run', { model: new Line() }, { files, fallback: true });
  expect(await refusal(restoring)).toMatchInlineSnapshot(`
    "[CORRUPT] no checkpoint in run is whole:
      run/000002-step-2/tensors-00000.safetensors is damaged: the sha256 of 'model/kernel' is not that of the manifest
      run/000001-step-1/manifest.json is damaged: it cannot be read: no such file: run/000001-step-1/manifest.json
      at:  test/errors/files.test.ts:LINE
      fix: checkpoint.save(folder, { model, step })"
  `);
});

test('a checkpoint that is not there, and one of another model', async () => {
  const files = await saved();
  expect(await refusal(() => checkpoint.restore('other', { model: new Line() }, { files }))).toMatchInlineSnapshot(`
    "[VALUE] there is no checkpoint in other
      at:  test/errors/files.test.ts:LINE
      fix: if (await checkpoint.latest(folder) !== null) ..."
  `);
  expect(await refusal(() => checkpoint.restore('run', { model: new Line() }, { files, step: 3 }))).toMatchInlineSnapshot(`
    "[VALUE] there is no checkpoint of step 3 in run
      at:  test/errors/files.test.ts:LINE
      fix: if (await checkpoint.latest(folder) !== null) ..."
  `);
  expect(await refusal(() => checkpoint.restore('run', { model: new Line(3) }, { files }))).toMatchInlineSnapshot(`
    "[PYTREE] run/000002-step-2 does not fit the target (checkpoint -> target):
      model/kernel: shape [2] -> [3]
      at:  test/errors/files.test.ts:LINE
      fix: checkpoint.restore(folder, target, { filter: (path) => ... })"
  `);
  expect(await refusal(() => checkpoint.restore('run', { model: new Line(2, 0.5) }, { files }))).toMatchInlineSnapshot(`
    "[PYTREE] run/000002-step-2 does not fit the target (checkpoint -> target):
      model.rate: 0.1 -> 0.5
      at:  test/errors/files.test.ts:LINE
      fix: checkpoint.restore(folder, target, { checkStatics: false })"
  `);
});

test('a checkpoint of what is no data', async () => {
  const files = new MemoryFiles();
  expect(await refusal(() => checkpoint.save('run', { x: new Float32Array(2), step: 0 }, { files }))).toMatchInlineSnapshot(`
    "[PYTREE] x is an object of class Float32Array: data of a checkpoint are tensors
      at:  test/errors/files.test.ts:LINE
      fix: np.array(data)"
  `);
  expect(await refusal(() => checkpoint.save('run', { step: -1 }, { files }))).toMatchInlineSnapshot(`
    "[VALUE] checkpoint.save: step is -1, not an integer from 0 on
      at:  test/errors/files.test.ts:LINE
      fix: step: 0"
  `);
});

test('safetensors files', async () => {
  const file = writeSafetensors(await toHost({ x: np.ones([2]) }));
  expect(messageOf(() => readSafetensors(file.subarray(0, file.length - 1)))).toMatchInlineSnapshot(`
    "[CORRUPT] this is no valid safetensors file: 'x' would be at bytes 0 to 8 of 7 after the header
      at:  test/errors/files.test.ts:LINE
      fix: readSafetensors(new Uint8Array(await file.arrayBuffer())) // of the whole, unchanged file"
  `);
  expect(messageOf(() => writeSafetensors({ x: np.ones([2]) as never }))).toMatchInlineSnapshot(`
    "[CONCRETIZATION] 'x' is a Tensor, whose elements must be fetched first
      at:  test/errors/files.test.ts:LINE
      fix: writeSafetensors(await toHost(tensors))"
  `);
  const header = '{"x":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}}  ';
  const wide = new Uint8Array(8 + header.length + 8);
  wide[0] = header.length;
  wide.set(new TextEncoder().encode(header), 8);
  expect(messageOf(() => readSafetensors(wide))).toMatchInlineSnapshot(`
    "[NARROWING] 'x' has elements of type F64, which would become float32
      at:  test/errors/files.test.ts:LINE
      fix: readSafetensors(bytes, { narrow: true })"
  `);
});

test('IDX, gzip and CSV files', async () => {
  const idx = Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 3, 1, 2);
  expect(messageOf(() => readIdx(idx))).toMatchInlineSnapshot(`
    "[CORRUPT] this is no valid IDX file: shape [3] takes 3 bytes, and 2 follow
      at:  test/errors/files.test.ts:LINE
      fix: readIdx(new Uint8Array(await file.arrayBuffer())) // of the whole, unchanged file"
  `);
  const packed = new Uint8Array(gzipSync(idx));
  expect(messageOf(() => readIdx(packed))).toMatchInlineSnapshot(`
    "[CORRUPT] this is no valid IDX file: it is compressed by gzip
      at:  test/errors/files.test.ts:LINE
      fix: readIdx(await gunzip(bytes))"
  `);
  expect(await refusal(() => gunzip(packed.subarray(0, 20)))).toMatchInlineSnapshot(`
    "[CORRUPT] this gzip file is damaged: unexpected end of file
      at:  test/errors/files.test.ts:LINE
      fix: gunzip(new Uint8Array(await file.arrayBuffer())) // of the whole, unchanged file"
  `);
  expect(messageOf(() => readCsv('a,b\n1,two'))).toMatchInlineSnapshot(`
    "[VALUE] readCsv: line 2, column b is "two", not a number
      at:  test/errors/files.test.ts:LINE
      fix: readCsv(text, { columns: ['x', 'y'] }) // those of numbers"
  `);
});

test('batches and prefetching', () => {
  expect(messageOf(() => batches({ x: np.ones([3, 2]), y: np.ones([4]) }, { size: 2 }))).toMatchInlineSnapshot(`
    "[SHAPE] batches: arrays.x has shape [3,2] and arrays.y shape [4]; all arrays need the same number of examples, their first axis
      at:  test/errors/files.test.ts:LINE
      fix: batches({ images, labels }, { size: 32 })"
  `);
  expect(messageOf(() => batches(np.ones([3]), { size: 0 }))).toMatchInlineSnapshot(`
    "[VALUE] batches: size is 0, for 3 examples
      at:  test/errors/files.test.ts:LINE
      fix: batches(arrays, { size: 3 })"
  `);
  expect(messageOf(() => prefetch([], cpu, { size: 0 }))).toMatchInlineSnapshot(`
    "[VALUE] prefetch: size is 0, not an integer from 1 on
      at:  test/errors/files.test.ts:LINE
      fix: prefetch(items, device, { size: 2 })"
  `);
});
