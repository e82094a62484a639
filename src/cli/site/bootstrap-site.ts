import { bareSite, schemaLine, siteHead, type SiteFile, type SiteNames } from './bare-site.js';
import { typescriptFiles } from './bootstrap-typescript.js';
import { yamlScalar } from './yaml-scalar.js';

const personas = `
users: # personas for tests and for mxcp run --as NAME
  hanna: { user_id: hanna, email: hanna@example.com, role: hr }
  erik: { user_id: erik, email: erik@example.com, role: employee }
`;

function siteFile(names: SiteNames): string {
  return `${siteHead(names)}${personas}
profiles:
  ${yamlScalar(names.profile)}:
    duckdb:
      path: ":memory:" # filled by init at every start; name a file to keep data
      init: sql/people.sql
`;
}

const peopleSql = `CREATE TABLE people (id INTEGER, name VARCHAR, department VARCHAR, email VARCHAR, salary INTEGER);

INSERT INTO people VALUES
  (1, 'Ada Berg', 'Engineering', 'ada.berg@example.com', 92000),
  (2, 'Bo Lind', 'Engineering', 'bo.lind@example.com', 78000),
  (3, 'Cleo Moss', 'Sales', 'cleo.moss@example.com', 69000),
  (4, 'Dag Holm', 'Board', 'dag.holm@example.com', 210000);
`;

const findPeopleSql = `SELECT name, department, email, salary
FROM people
WHERE $department IS NULL OR department = $department
ORDER BY name
`;

const findPeople = `${schemaLine('tool', 1)}mxcp: 1
tool:
  name: find_people
  description: Finds people of the company, all or those of one department.
  tags: [people]
  annotations:
    title: Find people
    readOnlyHint: true
  parameters:
    - name: department
      type: string
      description: Department to look in; all departments when absent.
      enum: [Engineering, Sales, Board]
      default: null
  return:
    type: array
    items:
      type: object
      properties:
        name: { type: string, description: Full name }
        department: { type: string, description: Department }
        email: { type: string, description: Work address, mask: email }
        salary: { type: integer, description: Yearly salary in euros, sensitive: true }
  source:
    file: ../sql/find_people.sql
  policies:
    input:
      - id: board-is-for-hr
        condition: "department == 'Board' && user.role != 'hr'"
        action: deny
        reason: Only HR may look at the board
    output:
      - id: board-rows-for-hr
        condition: "user.role != 'hr'"
        action: keep_rows
        where: "row.department != 'Board'"
      - id: salary-for-hr
        condition: "user.role != 'hr'"
        action: filter_sensitive_fields
      - id: email-for-signed-in
        condition: "user.role == 'anonymous'"
        action: mask_fields
        fields: [email]
  tests:
    - name: HR sees salaries
      user: hanna
      arguments: { department: Engineering }
      result_length: 2
      result_contains_item: { name: Ada Berg, salary: 92000 }
      decision: allow
    - name: HR sees the board
      user: hanna
      arguments: { department: Board }
      result_length: 1
      decision: allow
    - name: an employee sees people without salaries
      user: erik
      arguments: {}
      result_length: 3
      result_contains_item: { name: Cleo Moss, email: cleo.moss@example.com }
      result_not_contains: [salary]
      rule: salary-for-hr
    - name: an employee may not look at the board
      user: erik
      arguments: { department: Board }
      decision: deny
      rule: board-is-for-hr
      error: { code: POLICY_DENIED, contains: Only HR }
    - name: a stranger sees masked addresses
      arguments: { department: Sales }
      result: [{ name: Cleo Moss, department: Sales, email: c***s@example.com }]
      schema_valid: true
`;

/** A site with a SQL tool and a TypeScript tool, their rules and tests of every rule from both sides. */
export function bootstrapSite(names: SiteNames): readonly SiteFile[] {
  return [
    { path: 'mxcp-site.yml', text: siteFile(names) },
    { path: 'sql/people.sql', text: peopleSql },
    { path: 'sql/find_people.sql', text: findPeopleSql },
    { path: 'tools/find_people.yml', text: findPeople },
    ...typescriptFiles,
    ...bareSite(names).filter(({ path }) => path !== 'mxcp-site.yml'),
  ];
}
