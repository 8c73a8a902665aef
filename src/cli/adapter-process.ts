/** The process that probe.ts starts: prints as JSON which adapter it finds. */
import { findAdapter } from './adapter.ts';

console.log(JSON.stringify(await findAdapter()));
