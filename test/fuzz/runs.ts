/** How many programs each test of test/fuzz draws. */
export const FUZZ_RUNS: number = Number(process.env['HEDDLE_FUZZ_RUNS'] ?? 100);
