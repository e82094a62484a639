import { isObject } from '../../lib/is-object.js';
import type { TestAssertions } from '../../model/endpoint.js';
import type { Json } from '../../model/json.js';
import { brief, diffJson } from './diff.js';
import { containsJson, equalJson, isArray, member } from './equal.js';

type ResultAssertion = (value: Json, wanted: TestAssertions) => readonly string[];

function kindOf(value: Json): string {
  if (isArray(value)) return `an array of ${value.length}`;
  return value === null ? 'null' : isObject(value) ? 'an object' : `a ${typeof value}`;
}

function needsArray(assertion: string, value: Json): string {
  return `${assertion}: needs an array, got ${kindOf(value)}`;
}

const exact: ResultAssertion = (value, { result }) =>
  result === undefined || equalJson(value, result)
    ? []
    : diffJson(result, value).map((line) => `result: ${line}`);

const contains: ResultAssertion = (value, { resultContains: wanted }) => {
  if (wanted === undefined) return [];
  if (isArray(value) && !isArray(wanted)) {
    if (!isObject(wanted) && value.some((item) => equalJson(item, wanted))) return [];
    const hint = isObject(wanted) ? ' (for items of an array: result_contains_item)' : '';
    return [`result_contains: ${brief(wanted)} is not in ${kindOf(value)}${hint}`];
  }
  if (containsJson(value, wanted)) return [];
  return diffJson(wanted, value, true).map((line) => `result_contains: ${line}`);
};

/** True when `path` (`name` or `address.street`) leads to a member in the value or in any item of its arrays. */
function hasPath(value: Json, path: string): boolean {
  if (isArray(value)) return value.some((item) => hasPath(item, path));
  if (!isObject(value)) return false;
  if (Object.hasOwn(value, path)) return true;
  const dot = path.indexOf('.');
  const head = dot === -1 ? undefined : member(value, path.slice(0, dot));
  return head !== undefined && hasPath(head, path.slice(dot + 1));
}

const notContains: ResultAssertion = (value, { resultNotContains = [] }) =>
  resultNotContains
    .filter((name) => hasPath(value, name))
    .map((name) => `result_not_contains: the result has ${name}`);

function missingItem(assertion: string, value: Json, wanted: Json): string | undefined {
  if (!isArray(value)) return needsArray(assertion, value);
  if (value.some((item) => containsJson(item, wanted))) return undefined;
  const closest = value.length === 1 && value[0] !== undefined ? diffJson(wanted, value[0], true) : [];
  return [`${assertion}: none of ${value.length} items contains ${brief(wanted)}`, ...closest].join('\n  ');
}

const containsItem: ResultAssertion = (value, { resultContainsItem: wanted }) => {
  const failure = wanted === undefined ? undefined : missingItem('result_contains_item', value, wanted);
  return failure === undefined ? [] : [failure];
};

const containsAll: ResultAssertion = (value, { resultContainsAll: wanted }) => {
  if (wanted === undefined) return [];
  if (!isArray(value)) return [needsArray('result_contains_all', value)];
  return wanted.flatMap((item) => missingItem('result_contains_all', value, item) ?? []);
};

const length: ResultAssertion = (value, { resultLength: wanted }) => {
  if (wanted === undefined) return [];
  if (!isArray(value)) return [needsArray('result_length', value)];
  return value.length === wanted ? [] : [`result_length: expected ${wanted} items, got ${value.length}`];
};

/** The assertions over the released value, in the order of page 10. */
const assertions = [exact, contains, notContains, containsItem, containsAll, length];

/** Every way in which a released value is not what a test wants; `text` is the value as a person reads it. */
export function assertResult(value: Json, text: string, wanted: TestAssertions): string[] {
  const failures = assertions.flatMap((assertion) => assertion(value, wanted));
  const { resultContainsText: part } = wanted;
  if (part === undefined || text.includes(part)) return failures;
  return [...failures, `result_contains_text: ${brief(part)} is not in ${brief(text)}`];
}

/** True when a test says anything about the released value. */
export function assertsResult(wanted: TestAssertions): boolean {
  return (
    wanted.result !== undefined ||
    wanted.resultContains !== undefined ||
    wanted.resultNotContains !== undefined ||
    wanted.resultContainsItem !== undefined ||
    wanted.resultContainsAll !== undefined ||
    wanted.resultLength !== undefined ||
    wanted.resultContainsText !== undefined ||
    wanted.schemaValid !== undefined
  );
}
