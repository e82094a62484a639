import { defineConfig } from 'vitest/config';

/** The suite that signs people in at a real Keycloak, in a real browser: `npm run test:keycloak`. */
export default defineConfig({
  test: {
    include: ['test/**/*.keycloak.ts'],
    testTimeout: 120_000,
    hookTimeout: 900_000, // the first run fetches the server
    pool: 'forks',
    fileParallelism: false,
    env: { NO_COLOR: '1' },
  },
});
