import type { Problem } from '../errors.js';
import { didYouMean } from '../lib/did-you-mean.js';
import type { Parameter } from '../model/type-node.js';
import type { Field } from './field.js';
import { problemOf, suggestion } from './problems.js';

const placeholder = /\{([^{}]*)\}/g;
const validName = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** The names in a URI template, in order. */
export function placeholdersOf(template: string): readonly string[] {
  return [...template.matchAll(placeholder)].map((match) => match[1] ?? '');
}

/** The template with all names removed: two templates with the same shape match the same URIs. */
export function templateShape(template: string): string {
  return template.replaceAll(placeholder, '{}');
}

/** Checks a resource's URI template (RFC 6570 level 1) and that its placeholders are exactly the parameters. */
export function checkUriTemplate(
  field: Field,
  template: string,
  parameters: readonly Parameter[],
): readonly Problem[] {
  const wrong = (message: string, remedy?: string): Problem =>
    problemOf(field, { rule: 'uri-template', message, remedy });
  const names = placeholdersOf(template);
  const problems: Problem[] = [];
  if (/[{}]/.test(template.replaceAll(placeholder, '')))
    problems.push(wrong('The braces of this URI template do not match'));
  for (const name of names.filter((each) => !validName.test(each))) {
    problems.push(
      wrong(
        `"{${name}}" is no placeholder`,
        'Only {name} is supported (RFC 6570 level 1): a letter or _ first, then letters, digits, _.',
      ),
    );
  }
  if (/\}\{/.test(template))
    problems.push(
      wrong(
        'Two placeholders stand side by side, so no URI tells where one ends',
        'Put a / or another character between them.',
      ),
    );
  if (new Set(names).size < names.length) problems.push(wrong('A placeholder is there twice'));
  return [
    ...problems,
    ...compareNames(
      field,
      names.filter((each) => validName.test(each)),
      parameters,
    ),
  ];
}

function compareNames(
  field: Field,
  names: readonly string[],
  parameters: readonly Parameter[],
): readonly Problem[] {
  const declared = parameters.map(({ name }) => name);
  const undeclared = names.filter((name) => !declared.includes(name));
  const unused = declared.filter((name) => !names.includes(name));
  return [
    ...undeclared.map((name) =>
      problemOf(field, {
        rule: 'uri-parameters',
        message: `The URI has {${name}}, but there is no such parameter`,
        remedy: suggestion(didYouMean(name, unused)) ?? `Declare "${name}" in \`parameters\`.`,
      }),
    ),
    ...unused.map((name) =>
      problemOf(field, {
        rule: 'uri-parameters',
        message: `The parameter "${name}" is not in the URI`,
        remedy: `Add {${name}} to the URI, or make this a tool: a resource gets its arguments from its URI only.`,
      }),
    ),
  ];
}
