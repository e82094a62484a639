/** A site with one endpoint for each way in which an answer can look. */
export const siteFiles: Readonly<Record<string, string>> = {
  'mxcp-site.yml': `
mxcp: 1
project: transport
profile: default
name: Transport site
version: 3.2.1
instructions: Ask for anything.
profiles:
  default:
    duckdb: {path: ':memory:'}
`,
  'tools/add.yml': `
mxcp: 1
tool:
  name: add
  description: Adds two integers.
  annotations: {readOnlyHint: true}
  parameters:
    - {name: a, type: integer, description: First}
    - {name: b, type: integer, description: Second, default: 1}
  return:
    type: object
    properties: {sum: {type: integer}, note: {type: string}}
  source: {code: "SELECT $a + $b AS sum, 'plus' AS note"}
`,
  'tools/rows.yml': `
mxcp: 1
tool:
  name: rows
  description: Some rows.
  parameters:
    - {name: n, type: integer, minimum: 0, maximum: 5000, default: 2}
  return:
    type: array
    items:
      type: object
      properties: {i: {type: integer}, text: {type: string}}
  source: {code: "SELECT range AS i, 'row \\"' || range || '\\" é 𝒳' AS text FROM range($n)"}
`,
  'tools/scalar.yml': `
mxcp: 1
tool:
  name: scalar
  description: One text.
  parameters:
    - {name: text, type: string, default: hello}
  return: {type: string}
  source: {code: "SELECT $text"}
`,
  'tools/untyped.yml': `
mxcp: 1
tool:
  name: untyped
  description: No declared return.
  source: {code: "SELECT 1 AS one, NULL AS nothing"}
`,
  'tools/fails.yml': `
mxcp: 1
tool:
  name: fails
  description: A query that fails with a value in its message.
  parameters:
    - {name: secret, type: string, default: 'hunter2 is the password'}
  return: {type: integer}
  source: {code: "SELECT CAST($secret AS INTEGER)"}
`,
  'tools/denied.yml': `
mxcp: 1
tool:
  name: denied
  description: Denied for some arguments.
  parameters:
    - {name: level, type: integer, default: 1}
  return: {type: integer}
  policies:
    input:
      - {id: too-high, condition: "level > 5", action: deny, reason: Level too high for you}
  source: {code: "SELECT $level"}
`,
  'tools/hidden.yml': `
mxcp: 1
tool:
  name: hidden
  description: Nobody without a role sees this.
  parameters:
    - {name: key, type: string, header: true}
  policies:
    input:
      - {id: members, condition: "user.role == 'anonymous'", action: deny, reason: Members only}
  source: {code: "SELECT $key AS key"}
`,
  'tools/routed.yml': `
mxcp: 1
tool:
  name: routed
  description: A parameter that gateways can route by.
  parameters:
    - {name: region, type: string, header: true}
    - {name: shard, type: integer, header: true, default: 0}
  return: {type: string}
  source: {code: "SELECT $region || $shard"}
`,
  'tools/slow.yml': `
mxcp: 1
tool:
  name: slow
  description: Runs for very long.
  limits: {timeout: 60s}
  return: {type: integer}
  source: {code: "SELECT count(*) FROM range(100000000000) a WHERE range % 7 = 3"}
`,
  'tools/seen.yml': `
mxcp: 1
tool:
  name: seen
  description: Denies while telling what rules see.
  parameters:
    - {name: header, type: string}
  return: {type: integer}
  policies:
    input:
      - {id: has-header, condition: "args.header in request.headers", action: deny, reason: The header is visible}
  source: {code: "SELECT length($header)"}
`,
  'resources/text.yml': `
mxcp: 1
resource:
  uri: note://hello
  name: hello
  description: A text.
  mime_type: text/markdown
  return: {type: string}
  source: {code: "SELECT '# Hello'"}
`,
  'resources/row.yml': `
mxcp: 1
resource:
  uri: row://{id}
  name: row
  description: One row.
  parameters:
    - {name: id, type: integer, examples: [1, 2, 12]}
  return:
    type: object
    properties: {id: {type: integer}}
  source: {code: "SELECT $id AS id"}
`,
  'resources/bytes.yml': `
mxcp: 1
resource:
  uri: bytes://one
  name: bytes
  description: Bytes.
  mime_type: image/png
  return: {type: string}
  source: {code: "SELECT 'abc'::BLOB"}
`,
  'prompts/greet.yml': `
mxcp: 1
prompt:
  name: greet
  description: Greets.
  parameters:
    - {name: who, type: string, description: Whom}
    - {name: tone, type: string, enum: [warm, dry, wry], default: warm}
  messages:
    - {role: system, prompt: "Be {{ tone }}."}
    - {role: user, prompt: "Greet {{ who }}."}
    - {role: assistant, prompt: "Hello {{ who }}"}
`,
};
