import { fileURLToPath } from 'node:url';
import type { ViteUserConfig } from 'vitest/config';
import { adapterForTests } from './tools/adapter.ts';

const source = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

// Vitest's processes inherit this environment; inside them it would be too late to choose a Vulkan driver.
Object.assign(process.env, await adapterForTests());

const config: ViteUserConfig = {
  resolve: {
    alias: [
      { find: /^#adapter$/, replacement: source('runtime/adapter.node.ts') },
      { find: /^heddle$/, replacement: source('src/index.ts') },
      { find: /^heddle\/(nnx|optax|io|testing|training)$/, replacement: source('src/$1/index.ts') },
    ],
  },
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/fuzz/**'],
    setupFiles: ['test/support/setup.ts', 'test/support/check-jaxprs.ts'],
    // Dawn does not survive worker threads: every test file gets a process.
    pool: 'forks',
    maxWorkers: 2,
    // Pipelines compile slowly in software, and more so on a busy machine.
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
};

export default config;
