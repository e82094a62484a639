import type { Endpoint } from '../model/endpoint.js';
import type { OutputRule } from '../model/rule.js';

/** A rule that can deny a call whose body has run: every enforced one, by its action or because it cannot be evaluated. */
export function lateDenial({ policies }: Endpoint): OutputRule | undefined {
  return policies.output.find(({ mode }) => mode === 'enforce');
}
