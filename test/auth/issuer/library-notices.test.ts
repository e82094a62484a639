import { afterEach, expect, it, vi } from 'vitest';

const { warn, info } = console;
afterEach(() => {
  Object.assign(console, { warn, info });
});

it("what the authorization server's library writes to the console is in the log, and nothing else is", async () => {
  const printed = vi.fn();
  Object.assign(console, { warn: printed, info: printed });
  const { routeLibraryNotices } = await import('../../../src/auth/issuer/library-notices.js');
  const heard: string[] = [];
  routeLibraryNotices(() => heard.push('by a server of before'));
  routeLibraryNotices((message) => heard.push(message));
  console.warn('oidc-provider WARNING: mind the gap');
  console.info('\u001b[33;1moidc-provider NOTICE: by the way\u001b[0m');
  expect(heard).toEqual([
    "The authorization server's library says: mind the gap",
    "The authorization server's library says: by the way",
  ]);
  console.warn('anything else', 1);
  expect(printed.mock.calls).toEqual([['anything else', 1]]);
});
