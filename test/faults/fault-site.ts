import { type Site, writeSite } from '../e2e/program.js';

/** What stands in the answers of tools that must not answer. */
export const planted = 'RELEASED-5d2a';

/** A site whose log and database are where a test wants them. */
export function faultSite(
  options: { audit?: string; database?: string; init?: string; env?: Record<string, string> } = {},
): Site {
  const { audit = '', database = ':memory:', init = '', env = {} } = options;
  return writeSite(
    {
      'mxcp-site.yml': `
mxcp: 1
project: faults
profile: default
profiles:
  default:
    duckdb: {path: '${database}', init: "CREATE TABLE IF NOT EXISTS written (nonce VARCHAR); ${init}"}
    audit: {${audit}}
`,
      'tools/read.yml': `
mxcp: 1
tool:
  name: read
  description: Reads.
  parameters: [{name: nonce, type: string}]
  return: {type: object, properties: {nonce: {type: string}, text: {type: string}}}
  source: {code: "SELECT $nonce AS nonce, '${planted}' AS text"}
`,
      'tools/write.yml': `
mxcp: 1
tool:
  name: write
  description: Writes.
  parameters: [{name: nonce, type: string}]
  return: {type: object, properties: {nonce: {type: string}, text: {type: string}}}
  source: {code: "INSERT INTO written VALUES ($nonce); SELECT $nonce AS nonce, '${planted}' AS text"}
`,
      'tools/slow_write.yml': `
mxcp: 1
tool:
  name: slow_write
  description: Writes after some seconds.
  limits: {timeout: 120s}
  parameters: [{name: nonce, type: string}]
  return: {type: object, properties: {nonce: {type: string}, n: {type: integer}}}
  source:
    code: |
      INSERT INTO written VALUES ($nonce);
      SELECT $nonce AS nonce, count(*) AS n FROM range(200000000) WHERE hash(range) % 7 = 3
`,
      'tools/denied.yml': `
mxcp: 1
tool:
  name: denied
  description: Denied.
  parameters: [{name: nonce, type: string}]
  return: {type: string}
  source: {code: "SELECT $nonce"}
  policies: {input: [{id: no, condition: "nonce != ''", action: deny, reason: No}]}
`,
    },
    env,
  );
}
