import { schemaLine, type SiteFile } from './bare-site.js';
import { declarationsEntry } from './declarations.js';

const teamSummary = `${schemaLine('tool', 1)}mxcp: 1
tool:
  name: team_summary
  description: Sums up one department, how many people work there and what they earn on average.
  tags: [people]
  annotations:
    title: Sum up a team
    readOnlyHint: true
  parameters:
    - name: department
      type: string
      description: Department to sum up.
      enum: [Engineering, Sales, Board]
  return:
    type: object
    required: [department, people]
    properties:
      department: { type: string, description: Department }
      people: { type: integer, description: How many people work there }
      average_salary: { type: number, description: Average yearly salary in euros, sensitive: true }
  source:
    file: ../typescript/team_summary.ts
  policies:
    input:
      - id: board-summary-for-hr
        condition: "department == 'Board' && user.role != 'hr'"
        action: deny
        reason: Only HR may look at the board
    output:
      - id: average-for-hr
        condition: "user.role != 'hr'"
        action: filter_sensitive_fields
  tests:
    - name: HR sees the average
      user: hanna
      arguments: { department: Engineering }
      result: { department: Engineering, people: 2, average_salary: 85000 }
      decision: allow
    - name: an employee sees the head count only
      user: erik
      arguments: { department: Sales }
      result: { department: Sales, people: 1 }
      rule: average-for-hr
    - name: an employee may not sum up the board
      user: erik
      arguments: { department: Board }
      decision: deny
      rule: board-summary-for-hr
`;

const teamSummaryBody = `import { ToolError, type ToolContext } from 'mxcp';
import type { TeamSummaryArgs, TeamSummaryResult } from './types.gen.js'; // written by mxcp types

/** The body of tools/team_summary.yml: the export that is called like the tool. */
export async function team_summary(args: TeamSummaryArgs, ctx: ToolContext): Promise<TeamSummaryResult> {
  const { department } = args;
  const people = await ctx.db.query<{ salary: number }>(
    'SELECT salary FROM people WHERE department = $department',
    { department },
  );
  if (people.length === 0) throw new ToolError('Nobody works in this department');
  const total = people.reduce((sum, { salary }) => sum + salary, 0);
  return { department, people: people.length, average_salary: Math.round(total / people.length) };
}
`;

const tsconfig = {
  compilerOptions: {
    target: 'ES2023',
    lib: ['ES2023', 'WebWorker'],
    module: 'ESNext',
    moduleResolution: 'bundler',
    strict: true,
    noUncheckedIndexedAccess: true,
    verbatimModuleSyntax: true,
    skipLibCheck: true,
    noEmit: true,
    types: [],
    paths: { mxcp: [`./${declarationsEntry}`] },
  },
  include: ['typescript', 'plugins'],
};

const packageJson = {
  private: true,
  type: 'module',
  devDependencies: { typescript: '^6.0.0' },
};

const json = (value: object): string => `${JSON.stringify(value, null, 2)}\n`;

/** A tool with a TypeScript body, its rules and tests, and what editors and `mxcp validate` need to check its types. */
export const typescriptFiles: readonly SiteFile[] = [
  { path: 'tools/team_summary.yml', text: teamSummary },
  { path: 'typescript/team_summary.ts', text: teamSummaryBody },
  { path: 'tsconfig.json', text: json(tsconfig) },
  { path: 'package.json', text: json(packageJson) },
];
