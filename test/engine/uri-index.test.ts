import { describe, expect, it } from 'vitest';
import { indexUris } from '../../src/engine/uri-index.js';

const find = indexUris(
  [
    'site://handbook',
    'site://people/{id}',
    'site://people/me',
    'site://{kind}/{id}/notes',
    'file://x/invoice-{id}.pdf',
    'a://{x}-{y}',
  ].map((uri) => [uri, uri] as const),
);

describe('indexUris', () => {
  it.each([
    ['site://handbook', 'site://handbook', []],
    ['site://people/7', 'site://people/{id}', [['id', '7']]],
    ['site://people/me', 'site://people/me', []],
    ['site://people/a%2Fb', 'site://people/{id}', [['id', 'a/b']]],
    [
      'site://orders/12/notes',
      'site://{kind}/{id}/notes',
      [
        ['kind', 'orders'],
        ['id', '12'],
      ],
    ],
    ['file://x/invoice-12.pdf', 'file://x/invoice-{id}.pdf', [['id', '12']]],
    [
      'a://1-2-3',
      'a://{x}-{y}',
      [
        ['x', '1'],
        ['y', '2-3'],
      ],
    ],
  ])('%s matches %s', (uri, template, variables) => {
    expect(find(uri)[0]).toEqual({ value: template, variables });
  });

  it.each([
    'site://people/',
    'site://people/1/2',
    'site://people/%zz',
    'file://x/invoice-.pdf',
    'a://-2',
    'nothing',
    '',
  ])('%j matches nothing', (uri) => {
    expect(find(uri)).toEqual([]);
  });

  it('gives the literal before the template', () => {
    expect(find('site://people/me').map(({ value }) => value)).toEqual([
      'site://people/me',
      'site://people/{id}',
    ]);
  });

  it('refuses a URI of hostile length at once', () => {
    expect(find(`a://${'-'.repeat(1_000_000)}`)).toEqual([]);
  });
});
