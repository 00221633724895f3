import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    pool: 'forks',
    // Most tests with servers wait more than they compute.
    maxWorkers: 3,
    maxConcurrency: 8,
    // kafkajs computes delays that may be below zero, which is harmless.
    execArgv: ['--disable-warning=TimeoutNegativeWarning'],
    // Many tests start real servers and processes, on machines that may be busy.
    testTimeout: 90_000,
    hookTimeout: 120_000,
    reporters: ['default'],
    projects: [
      {
        extends: true,
        test: {
          name: 'rooms',
          include: ['pkg/**/*.test.ts', 'cmd/**/*.test.ts'],
          // Hundreds of small files: to start a process and load everything anew for each takes longer than they do.
          isolate: false,
        },
      },
      { extends: true, test: { name: 'system', include: ['test/**/*.test.ts'] } },
    ],
  },
});
