import { test } from 'vitest';
import { init, inspect, jit } from '../../src/index.ts';
import * as ex from '../../examples/seed.ts';
test('x', async () => { console.log(Object.keys(ex)); });
