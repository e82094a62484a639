import { yamlScalar } from './yaml-scalar.js';

/** A file of a new site: its path from the site root, with `/`, and its text. */
export interface SiteFile {
  readonly path: string;
  readonly text: string;
  /** Where the file is there already, lines that it lacks are added to its end. */
  readonly extends?: true;
}

/** What a new site is called. */
export interface SiteNames {
  readonly project: string;
  readonly profile: string;
}

const schemaFolder = '.mxcp/schemas';

/** The comment by which editors find the schema of a YAML file that is `depth` folders below the site root. */
export function schemaLine(kind: string, depth: number): string {
  return `# yaml-language-server: $schema=${'../'.repeat(depth)}${schemaFolder}/${kind}.schema.json\n`;
}

/** Where a schema is kept in a site, so that editors complete and check without a network. */
export function schemaPath(kind: string): string {
  return `${schemaFolder}/${kind}.schema.json`;
}

/** The start of a site file: format, names, and fields of rules that must exist. */
export function siteHead({ project, profile }: SiteNames): string {
  return `${schemaLine('site', 0)}mxcp: 1
project: ${yamlScalar(project)}
profile: ${yamlScalar(profile)}

policies:
  strict_fields: true # a rule about a field that does not exist does not load
`;
}

/** Folders of a site, created empty. */
export const siteFolders = ['tools', 'resources', 'prompts', 'sql', 'tests', 'data'];

const gitignore = `# Databases and what DuckDB keeps beside them
*.duckdb
*.duckdb.wal
*.duckdb.tmp/

# The audit log
audit/

# Secrets
.env

# Packages that TypeScript bodies import
node_modules/
`;

/** A site without endpoints. */
export function bareSite(names: SiteNames): readonly SiteFile[] {
  return [
    {
      path: 'mxcp-site.yml',
      text: `${siteHead(names)}
profiles:
  ${yamlScalar(names.profile)}:
    duckdb:
      path: data/db-${encodeURIComponent(names.profile)}.duckdb
`,
    },
    { path: '.gitignore', text: gitignore, extends: true },
  ];
}
