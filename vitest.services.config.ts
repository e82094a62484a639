import { defineConfig } from 'vitest/config';

/** Suites that start servers of others beside ours, such as Redis: `npm run test:services`. */
export default defineConfig({
  test: {
    include: ['test/**/*.services.ts'],
    testTimeout: 60_000,
    hookTimeout: 300_000,
    pool: 'forks',
    fileParallelism: false,
    env: { NO_COLOR: '1' },
  },
});
