import { describe, expect, it } from 'vitest';
import { groupHeaders, traceIdOf, visibleHeaders } from '../../src/transport/request-headers.js';

describe('the headers that rules see', () => {
  it('carry no credential', () => {
    const names = [
      'Authorization',
      'Proxy-Authorization',
      'Cookie',
      'X-API-Key',
      'Mcp-Session-Id',
      'X-Forwarded-Client-Cert',
      'X-SSL-Client-Cert',
      'X-Auth-Token',
      'X-Amz-Security-Token',
      'X-Amzn-Oidc-Data',
      'Cf-Access-Jwt-Assertion',
      'X-Goog-Iap-Jwt-Assertion',
      'DPoP',
    ];
    expect(visibleHeaders(groupHeaders(names.flatMap((name) => [name, 'secret'])))).toEqual({});
  });

  it('are lower-case, with repeated values joined', () => {
    const raw = groupHeaders(['X-Team', 'a', 'Accept', 'x/y', 'x-team', 'b']);
    expect(raw['x-team']).toEqual(['a', 'b']);
    expect({ ...visibleHeaders(raw) }).toEqual({ 'x-team': 'a, b', accept: 'x/y' });
  });

  it('cannot reach a prototype', () => {
    const visible = visibleHeaders(groupHeaders(['__proto__', 'x', 'constructor', 'y']));
    expect(Object.getPrototypeOf(visible)).toBeNull();
    expect(visible['constructor']).toBe('y');
    expect(Object.keys(visible)).toEqual(['__proto__', 'constructor']);
  });
});

describe('trace ids', () => {
  const id = '4bf92f3577b34da6a3ce929d0e0e4736';
  it.each([
    [`00-${id}-00f067aa0ba902b7-01`, id],
    [`ff-${id}-00f067aa0ba902b7-01`, undefined],
    [`00-${'0'.repeat(32)}-00f067aa0ba902b7-01`, undefined],
    [`00-${id.toUpperCase()}-00f067aa0ba902b7-01`, undefined],
    ['nonsense', undefined],
    [5, undefined],
  ])('of %s', (value, expected) => expect(traceIdOf(value)).toBe(expected));
});
