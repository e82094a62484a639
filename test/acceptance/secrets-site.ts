/** Secrets of the configuration. */
export const siteSecret = 'PLANTED-site-secret-0123456789';
export const configured = 'PLANTED-configured-secret';

/** Tools that take the same arguments and end in different ways. */
export const endings: Readonly<Record<string, string>> = {
  succeeds: 'SELECT 1 AS n',
  fails: 'SELECT CAST($note AS INTEGER) AS n',
  misfits: 'SELECT 99 AS n',
  raises: 'SELECT error($note) AS n',
};

const parameters = `
  parameters:
    - {name: note, type: string, default: ''}
    - {name: body, type: object, default: {}}
    - {name: list, type: array, default: []}
    - {name: pin, type: string, sensitive: true, default: ''}
    - {name: password, type: string, default: ''}
    - {name: email, type: string, default: ''}`;

const used =
  '$note IS NOT NULL AND $body IS NOT NULL AND $list IS NOT NULL AND $pin IS NOT NULL AND $password IS NOT NULL AND $email IS NOT NULL';

function tool(name: string, sql: string, more = ''): readonly [string, string] {
  const text = `
mxcp: 1
tool:
  name: ${name}
  description: Takes things.${parameters}
  return: {type: object, properties: {n: {type: integer, maximum: 9}}}${more}
  source: {code: "${sql} WHERE ${used}"}
`;
  return [`tools/${name}.yml`, text];
}

const denies = `
  policies:
    input: [{id: never, condition: "note != '' || pin != '' || size(body) > 0 || size(list) > 0", action: deny, reason: Never}]`;

/** A site whose tools and resource take things that no log may keep. */
export function secretsSite(output: 'none' | 'full'): Record<string, string> {
  return {
    'mxcp-site.yml': `
mxcp: 1
project: planted
profile: default
secrets: [warehouse]
profiles:
  default:
    duckdb: {path: ':memory:'}
    audit: {output: ${output}, redact_fields: {email: email}}
`,
    'config.yml': `
mxcp: 1
secret_key: ${siteSecret}
logging: {level: debug}
projects:
  planted: {profiles: {default: {secrets: [{name: warehouse, type: http, parameters: {BEARER_TOKEN: ${configured}}}]}}}
`,
    ...Object.fromEntries(Object.entries(endings).map(([name, sql]) => tool(name, sql))),
    ...Object.fromEntries([tool('denied', 'SELECT 1 AS n', denies)]),
    'tools/gives.yml': `
mxcp: 1
tool:
  name: gives
  description: Gives back what it takes.
  parameters: [{name: note, type: string}, {name: pin, type: string, sensitive: true}]
  return: {type: object, properties: {note: {type: string}, pin: {type: string, sensitive: true}}}
  source: {code: "SELECT $note AS note, $pin AS pin"}
`,
    'tools/masks.yml': `
mxcp: 1
tool:
  name: masks
  description: Masks.
  parameters: [{name: email, type: string}, {name: phone, type: string}, {name: key, type: string}]
  return:
    type: object
    properties: {email: {type: string, mask: email}, phone: {type: string, mask: phone}, key: {type: string, mask: api_key}}
  policies:
    output: [{id: masked, action: mask_fields, fields: [email, phone, key]}]
  source: {code: "SELECT $email AS email, $phone AS phone, $key AS key"}
`,
    'resources/page.yml': `
mxcp: 1
resource:
  uri: page://{pin}/{note}
  name: page
  description: A page.
  parameters: [{name: note, type: string}, {name: pin, type: string, sensitive: true}]
  return: {type: string}
  source: {code: SELECT 'x' WHERE $note != '' AND $pin != ''}
`,
  };
}
