import { describe, expect, it } from 'vitest';
import { buildRegistry } from '../../src/engine/registry.js';

describe('buildRegistry', () => {
  const broken = { file: 'resources/a.yml', kind: 'resource', name: 'hr://a/{id}' } as const;
  const registry = buildRegistry([], [broken]);

  it('keeps the place of a resource that was left out, so that no broader template answers for it', () => {
    expect(registry.matchResources('hr://a/1')).toMatchObject([{ operation: undefined }]);
    expect(registry.isBroken('resource', 'hr://a/{id}')).toBe(true);
  });

  it('knows nothing else', () => {
    expect(registry.matchResources('hr://b/1')).toEqual([]);
    expect(registry.find('tool', 'a')).toBeUndefined();
  });
});
