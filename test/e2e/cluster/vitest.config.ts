import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/e2e/cluster/*.e2e.ts'],
    // Each step begins where the one before ended.
    bail: 1,
    maxWorkers: 1,
    hookTimeout: 300_000,
  },
});
