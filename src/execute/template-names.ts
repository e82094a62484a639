import type { TemplateNode } from './jinja.js';

/** A name in a template that nothing gives a meaning. */
export interface TemplateFinding {
  readonly kind: 'variable' | 'filter' | 'test';
  readonly name: string;
}

const filters = new Set(
  (
    'abs bool capitalize default dictsort first float get indent int items join keys last length list lower map ' +
    'rejectattr replace reverse safe selectattr sort string title tojson trim unique upper values'
  ).split(' '),
);

const tests = new Set(
  (
    'boolean callable defined eq equalto even false integer iterable lower mapping none number odd sequence string ' +
    'true undefined upper'
  ).split(' '),
);

/** Variables, filters and tests of a parsed template that are not known. Each name once, in order of appearance. */
export function templateFindings(
  program: TemplateNode,
  known: ReadonlySet<string>,
): readonly TemplateFinding[] {
  const findings = new Map<string, TemplateFinding>();
  const names = new Set([...known, ...assignedNames(program)]);
  visit(program, names, (finding) => findings.set(`${finding.kind} ${finding.name}`, finding));
  return [...findings.values()];
}

/** Names that `set` and `macro` give anywhere: where they hold is left to the interpreter. */
function assignedNames(node: unknown): string[] {
  const own = isNode(node) ? ownNames(node) : [];
  return [...own, ...children(node).flatMap(assignedNames)];
}

function ownNames(node: TemplateNode): string[] {
  if (node.type === 'Set') return identifiers(field(node, 'assignee'));
  if (node.type !== 'Macro') return [];
  return [...identifiers(field(node, 'name')), ...parameterNames(field(node, 'args'))];
}

type Report = (finding: TemplateFinding) => void;

function visit(node: unknown, names: ReadonlySet<string>, report: Report): void {
  if (!isNode(node)) {
    for (const child of children(node)) visit(child, names, report);
    return;
  }
  switch (node.type) {
    case 'Identifier':
      reportUnless(names, 'variable', node, report);
      return;
    case 'MemberExpression':
      visit(field(node, 'object'), names, report);
      if (field(node, 'computed') === true) visit(field(node, 'property'), names, report);
      return;
    case 'KeywordArgumentExpression':
      visit(field(node, 'value'), names, report);
      return;
    case 'FilterExpression':
      visit(field(node, 'operand'), names, report);
      visitNamed(field(node, 'filter'), filters, 'filter', names, report);
      return;
    case 'FilterStatement':
      visit(field(node, 'body'), names, report);
      visitNamed(field(node, 'filter'), filters, 'filter', names, report);
      return;
    case 'TestExpression':
      visit(field(node, 'operand'), names, report);
      visitNamed(field(node, 'test'), tests, 'test', names, report);
      return;
    default:
      visitScope(node, names, report);
      return;
  }
}

/** Statements that bring names for what is inside of them. */
function visitScope(node: TemplateNode, names: ReadonlySet<string>, report: Report): void {
  const inside = new Set([...names, ...scopeNames(node)]);
  for (const child of children(node)) visit(child, inside, report);
}

function scopeNames(node: TemplateNode): string[] {
  if (node.type === 'For') return ['loop', ...identifiers(field(node, 'loopvar'))];
  if (node.type === 'Macro') return ['caller', 'varargs', 'kwargs'];
  return node.type === 'CallStatement' ? parameterNames(field(node, 'callerArgs')) : [];
}

/** A filter or test: a name, or a call of one whose arguments are expressions. */
function visitNamed(
  node: unknown,
  available: ReadonlySet<string>,
  kind: 'filter' | 'test',
  names: ReadonlySet<string>,
  report: Report,
): void {
  if (!isNode(node)) return;
  if (node.type !== 'CallExpression') {
    reportUnless(available, kind, node, report);
    return;
  }
  visitNamed(field(node, 'callee'), available, kind, names, report);
  visit(field(node, 'args'), names, report);
}

function reportUnless(
  known: ReadonlySet<string>,
  kind: TemplateFinding['kind'],
  node: TemplateNode,
  report: Report,
): void {
  const name = field(node, 'value');
  if (typeof name === 'string' && !known.has(name)) report({ kind, name });
}

/** Names bound by an assignee or loop variable: an identifier, or a tuple of them. */
function identifiers(node: unknown): string[] {
  if (!isNode(node)) return children(node).flatMap(identifiers);
  const value = field(node, 'value');
  if (node.type === 'Identifier') return typeof value === 'string' ? [value] : [];
  return node.type === 'TupleLiteral' ? identifiers(value) : [];
}

function parameterNames(args: unknown): string[] {
  return children(args).flatMap((arg) =>
    identifiers(isNode(arg) ? (field(arg, 'key') ?? field(arg, 'argument') ?? arg) : arg),
  );
}

function children(node: unknown): unknown[] {
  if (Array.isArray(node)) return node;
  if (node instanceof Map) return [...node.entries()].flat();
  return isNode(node) ? Object.values(node) : [];
}

function field(node: TemplateNode, name: string): unknown {
  return Reflect.get(node, name);
}

function isNode(value: unknown): value is TemplateNode {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}
