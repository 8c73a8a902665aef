/** A page that runs the seed program from the package `heddle`. */
import { PathRngs, init, random } from 'heddle';
import { ScanMLP, runSeed } from '../../examples/seed.ts';

const device = await init({ host: 'never' });
const printed = await runSeed(true);
const module = new ScanMLP(10, 5, { rngs: new PathRngs(random.key(0)) });
const x = random.normal(random.key(0), [2, 10]);
const y = module.forward(x, { train: true, rngs: new PathRngs(random.key(1)) });
const report = { device: device.kind, printed, y: [...(await y.data())] };
Object.assign(globalThis, { report });
