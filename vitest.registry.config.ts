import { defineConfig } from 'vitest/config';

/** Suites that need the npm registry: `npm run test:inspector` and `npm run test:package`. */
export default defineConfig({
  test: {
    include: ['test/**/*.registry.ts'],
    testTimeout: 600_000,
    hookTimeout: 300_000,
    pool: 'forks',
    fileParallelism: false,
    env: { NO_COLOR: '1' },
  },
});
