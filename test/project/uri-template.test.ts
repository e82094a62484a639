import { describe, expect, it } from 'vitest';
import { placeholdersOf, templateShape } from '../../src/project/uri-template.js';

describe('a URI template', () => {
  it('lists its placeholders in order', () => {
    expect(placeholdersOf('org://{a}/team/{b}-{c}')).toEqual(['a', 'b', 'c']);
    expect(placeholdersOf('config://settings')).toEqual([]);
  });

  it('has the same shape as every template that matches the same URIs', () => {
    expect(templateShape('user://{id}/x')).toBe(templateShape('user://{name}/x'));
    expect(templateShape('user://{id}/x')).not.toBe(templateShape('user://{id}/y'));
  });
});
