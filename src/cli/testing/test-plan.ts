import { UsageError } from '../../errors.js';
import { didYouMean } from '../../lib/did-you-mean.js';
import type { Endpoint, EndpointTest } from '../../model/endpoint.js';
import type { BrokenEndpoint } from '../../model/project.js';
import type { EndpointKind } from '../../model/rule.js';

/** Which tests: all, those of a kind, or those of one endpoint. */
export interface TestSelection {
  readonly kind?: EndpointKind;
  readonly name?: string;
}

/** One test and the endpoint that it calls. */
export interface PlannedTest {
  readonly endpoint: Endpoint;
  readonly test: EndpointTest;
}

function selected({ kind, name }: { kind?: EndpointKind; name?: string }, wanted: TestSelection): boolean {
  return (wanted.kind ?? kind) === kind && (wanted.name ?? name) === name;
}

/** The endpoints that a selection is about. Throws `UsageError` when it names one that does not exist. */
export function selectEndpoints<T extends { kind?: EndpointKind; name?: string }>(
  endpoints: readonly T[],
  broken: readonly BrokenEndpoint[],
  wanted: TestSelection,
): readonly T[] {
  const chosen = endpoints.filter((one) => selected(one, wanted));
  if (wanted.name === undefined || chosen.length > 0) return chosen;
  if (broken.some((one) => selected(one, wanted))) return [];
  const names = endpoints.flatMap(({ kind, name }) =>
    kind === wanted.kind && name !== undefined ? [name] : [],
  );
  const near = didYouMean(wanted.name, names);
  throw new UsageError(
    `There is no ${wanted.kind ?? 'endpoint'} ${wanted.name}${near === undefined ? '' : `; did you mean ${near}?`}`,
  );
}

/** The tests of endpoints, in their order. */
export function planTests(endpoints: readonly Endpoint[]): readonly PlannedTest[] {
  return endpoints.flatMap((endpoint) => endpoint.tests.map((test) => ({ endpoint, test })));
}
