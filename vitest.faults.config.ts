import { defineConfig } from 'vitest/config';

/** Suites that take minutes or need to mount file systems: `npm run test:faults`. */
export default defineConfig({
  test: {
    include: ['test/faults/**/*.faults.ts'],
    testTimeout: 120_000,
    hookTimeout: 600_000,
    pool: 'forks',
    fileParallelism: false,
    env: { UV_THREADPOOL_SIZE: '24', NO_COLOR: '1' },
  },
});
