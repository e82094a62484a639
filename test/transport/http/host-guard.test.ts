import { describe, expect, it } from 'vitest';
import type { HttpSettings } from '../../../src/model/settings.js';
import { isLoopbackHost } from '../../../src/lib/loopback.js';
import { createHostGuard } from '../../../src/transport/http/host-guard.js';

const local: HttpSettings = {
  host: '127.0.0.1',
  port: 0,
  path: '/mcp',
  trustProxy: [],
  allowedHosts: [],
  allowedOrigins: [],
  hsts: true,
  hstsPreload: false,
  maxBodyBytes: 1_000,
  maxConnections: 10,
};
const wide: HttpSettings = {
  ...local,
  host: '0.0.0.0',
  baseUrl: 'https://Data.Example.com/mcp',
  allowedHosts: ['internal.example'],
  allowedOrigins: ['https://app.example'],
};

describe('the guard against DNS rebinding', () => {
  it.each([
    [local, ['localhost:8000'], true],
    [local, ['127.0.0.1:8000'], true],
    [local, ['127.9.9.9'], true],
    [local, ['[::1]:8000'], true],
    [local, ['LOCALHOST'], true],
    [local, ['evil.example'], false],
    [local, ['localhost.evil.example'], false],
    [local, ['127.0.0.1.evil.example'], false],
    [local, ['localhost@evil.example'], false],
    [local, ['10.0.0.5:8000'], false],
    [local, ['localhost', 'evil.example'], false],
    [local, [''], false],
    [local, [], false],
    [wide, ['data.example.com'], true],
    [wide, ['internal.example:8000'], true],
    [wide, ['10.0.0.5:8000'], true],
    [wide, ['[fd00::1]:8000'], true],
    [wide, ['evil.example'], false],
  ])('%#: Host %j', (settings, hosts, allowed) => {
    expect(createHostGuard(settings).allowsHost(hosts)).toBe(allowed);
  });

  it.each([
    [local, 'http://localhost:6274', true],
    [local, 'http://127.0.0.1:3000', true],
    [local, 'https://[::1]', true],
    [local, 'https://evil.example', false],
    [local, 'http://localhost.evil.example', false],
    [local, 'null', false],
    [local, 'chrome-extension://localhost', false],
    [local, 'localhost', false],
    [wide, 'https://app.example', true],
    [wide, 'https://app.example:444', false],
    [wide, 'http://app.example', false],
    [wide, 'https://data.example.com', true],
    [{ ...wide, allowedOrigins: ['*'] }, 'https://anything.example', true],
  ])('%#: Origin %s', (settings, origin, allowed) => {
    expect(createHostGuard(settings).allowsOrigin(origin)).toBe(allowed);
  });

  it('knows which hosts only this machine reaches', () => {
    expect(['localhost', '127.0.0.1', '::1', '[::1]', '::ffff:127.0.0.1'].map(isLoopbackHost)).not.toContain(
      false,
    );
    expect(['0.0.0.0', '::', '10.1.1.1', 'example.com', ''].map(isLoopbackHost)).not.toContain(true);
  });
});
