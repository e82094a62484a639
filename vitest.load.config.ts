import { defineConfig } from 'vitest/config';

/** How much callers notice of hostile bodies: a measurement that wants a machine of its own, `npm run test:load`. */
export default defineConfig({
  test: {
    include: ['test/load/**/*.load.ts'],
    testTimeout: 120_000,
    hookTimeout: 600_000,
    pool: 'forks',
    fileParallelism: false,
    env: { UV_THREADPOOL_SIZE: '24', NO_COLOR: '1' },
  },
});
