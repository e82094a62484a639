import { docsSample } from './calls.js';

/** The roles of the documentation's sample. */
export const roles = ['viewer', 'analyst', 'developer', 'service', 'admin'] as const;

/** The capabilities of its catalogue. */
export const capabilities = [
  'assignments:read',
  'assignments:create',
  'assignments:update',
  'assignments:delete',
  'reports:run',
  'pipelines:trigger',
  'releases:deploy',
] as const;

/** The tool that only the named role or capability opens. */
export function toolFor(need: string): string {
  return `need_${need.replace(':', '_')}`;
}

function tool(need: string, condition: string): readonly [string, string] {
  const text = `
mxcp: 1
tool:
  name: ${toolFor(need)}
  description: Needs ${need}.
  return: {type: string}
  policies:
    input:
      - {id: 'needs-${need}', condition: "${condition}", action: deny, reason: 'This needs ${need}'}
  source: {code: "SELECT 'done'"}
`;
  return [`tools/${toolFor(need)}.yml`, text];
}

const deletion = `
mxcp: 1
tool:
  name: delete_assignment
  description: Deletes an assignment.
  annotations: {destructiveHint: true}
  parameters:
    - {name: id, type: integer}
    - {name: user_context, type: object, default: {}, description: Whatever the client claims}
    - {name: user, type: object, default: {}}
    - {name: role, type: string, default: ''}
  return: {type: array, items: {type: object, properties: {id: {type: integer}}}}
  policies:
    input:
      - {id: admins-only, condition: "!('admin' in user.roles)", action: deny, reason: Deleting needs the role admin}
  source:
    code: |
      DELETE FROM assignments WHERE id = $id AND $user_context IS NOT NULL AND $user IS NOT NULL AND $role IS NOT NULL
      RETURNING id
`;

const left = `
mxcp: 1
tool:
  name: count_assignments
  description: How many there are.
  return: {type: integer}
  source: {code: SELECT count(*) FROM assignments}
`;

/**
 * A site with the documentation's sample of roles, a tool for each role and each capability, and one that deletes.
 * `more` is added to the sample's catalogue; `hideDenied: false` shows everybody every tool.
 */
export function rolesSite(
  options: { readonly more?: string; readonly hideDenied?: boolean } = {},
): Record<string, string> {
  const { more, hideDenied = true } = options;
  const sample = docsSample('policies.md', 'Roles and capabilities');
  const authorization =
    more === undefined ? sample : sample.replace('  capabilities:\n', `  capabilities:\n    ${more}: New\n`);
  const needs = more === undefined ? capabilities : [...capabilities, more];
  return {
    'mxcp-site.yml': `
mxcp: 1
project: roles
profile: default
policies: {hide_denied: ${String(hideDenied)}}
profiles:
  default:
    duckdb: {path: ':memory:', init: "CREATE TABLE assignments AS SELECT range AS id FROM range(3)"}
${authorization}`,
    ...Object.fromEntries([
      ...roles.map((role) => tool(role, `!('${role}' in user.roles)`)),
      ...needs.map((name) => tool(name, `!('${name}' in user.capabilities)`)),
    ]),
    'tools/delete_assignment.yml': deletion,
    'tools/count_assignments.yml': left,
  };
}
