import type { Endpoint } from '../../model/endpoint.js';
import type { Project } from '../../model/project.js';
import type { TypeNode } from '../../model/type-node.js';
import { type Finding, verdict } from './finding.js';

const label = ({ kind, name }: Endpoint): string => `${kind}/${name}`;

/** True where a value of any shape passes: an object without declared properties, or a list without a type of its items. */
function takesAnything(node: TypeNode): boolean {
  if (node.type === 'object') {
    const properties = node.properties ?? [];
    return properties.length === 0 || properties.some((property) => takesAnything(property.node));
  }
  return node.type === 'array' && (node.items === undefined || takesAnything(node.items));
}

function argumentsChecked({ endpoints }: Project): Finding {
  const item = { id: 'argument-validation', title: 'Every argument is checked against a declared type' };
  const loose = endpoints.flatMap((endpoint) =>
    endpoint.parameters
      .filter(({ node }) => takesAnything(node))
      .map(({ name }) => `${label(endpoint)}: ${name}`),
  );
  const count = endpoints.reduce((sum, { parameters }) => sum + parameters.length, 0);
  return verdict(item, loose.length === 0, {
    pass: `${count} parameters, all typed; unknown arguments are refused`,
    fail: `these take a value of any shape: ${loose.join(', ')}`,
    fix: 'Declare `properties` and `items`',
  });
}

function sqlParameters({ endpoints }: Project): Finding {
  const item = { id: 'sql-parameters', title: 'SQL takes parameters, not text' };
  const dynamic = endpoints.filter(({ dynamicSql }) => dynamicSql).map(label);
  if (dynamic.length === 0) return { ...item, status: 'pass', detail: 'every value is bound' };
  const detail = `names are chosen by a parameter with an enum in ${dynamic.join(', ')}`;
  return { ...item, status: 'note', detail };
}

function freeSql({ endpoints }: Project): Finding {
  const item = { id: 'free-sql', title: 'Free SQL is for those whom a rule names' };
  const tool = endpoints.find((one) => one.kind === 'tool' && one.name === 'execute_sql_query');
  if (tool === undefined || !('body' in tool) || tool.body.language !== 'builtin')
    return { ...item, status: 'pass', detail: 'execute_sql_query is not offered' };
  const rules = tool.policies.input.filter(({ mode }) => mode === 'enforce');
  return verdict(item, rules.length > 0, {
    pass: `execute_sql_query has the rules ${rules.map(({ id }) => id).join(', ')}`,
    fail: 'everybody who may call may run SQL of his own',
    fix: 'Give sql_tools.execute_sql_query an input rule, or set enabled: false',
  });
}

function files({ database }: Project): Finding {
  const item = { id: 'paths', title: 'SQL reaches no files and no network' };
  const places = [...database.allowedDirectories, ...database.allowedPaths];
  return verdict(item, !database.externalAccess, {
    pass: places.length === 0 ? 'external_access: false' : `nothing but allowed places: ${places.length}`,
    fail: 'SQL of this site can read files and addresses that the server can read',
    fix: 'Set duckdb.external_access: false, with allowed_directories where bodies need files',
  });
}

/** What callers can send, and what it can reach: rows S4-131 to S4-133. */
export function inputChecks(project: Project): readonly Finding[] {
  return [argumentsChecked(project), sqlParameters(project), freeSql(project), files(project)];
}
