import type { Problem } from '../errors.js';
import type { Field } from './field.js';
import { mapScalars, type FieldPath } from './map-field.js';
import { problemOf } from './problems.js';

export type Environment = Readonly<Record<string, string | undefined>>;

const reference = /\$(\$\{)|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g;

/** True for a `${` that is neither a reference nor escaped. */
const malformed = (text: string): boolean => text.replaceAll(reference, '').includes('${');

/** The value of a variable; undefined when it is not set. Never something that the object inherits. */
export function variable(env: Environment, name: string): string | undefined {
  return Object.hasOwn(env, name) ? env[name] : undefined;
}

/**
 * Expands `${NAME}` and `${NAME:-default}` in the texts for which `isActive` holds; `$${` stands for `${`. An empty variable
 * counts as unset only where there is a default, as in a shell. A text with an unset variable stays as it is.
 */
export function expandVariables(
  root: Field,
  env: Environment,
  isActive: (path: FieldPath) => boolean,
): { readonly root: Field; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const change = (field: Field, path: FieldPath): Field => {
    if (typeof field.data !== 'string' || !field.data.includes('${') || !isActive(path)) return field;
    if (malformed(field.data)) {
      const message = 'This `${` is not a reference of the form ${NAME} or ${NAME:-default}';
      problems.push(
        problemOf(field, { rule: 'bad-reference', message, remedy: 'Write $${ for a literal ${.' }),
      );
      return field;
    }
    const missing: string[] = [];
    const data = field.data.replaceAll(
      reference,
      (_all, escaped: string | undefined, name = '', fallback?: string) => {
        if (escaped !== undefined) return escaped;
        const value = lookUp(env, String(name), fallback);
        if (value === undefined) missing.push(String(name));
        return value ?? '';
      },
    );
    problems.push(...missing.map((name) => unset(field, name)));
    if (missing.length > 0) return field;
    return { ...field, data, replaced: true };
  };
  return { root: mapScalars(root, change), problems };
}

function lookUp(env: Environment, name: string, fallback: string | undefined): string | undefined {
  const value = variable(env, name);
  return fallback === undefined ? value : value === undefined || value === '' ? fallback : value;
}

function unset(field: Field, name: string): Problem {
  const message = `The environment variable ${name} is not set`;
  const remedy = `Set ${name}, or give a default with \${${name}:-…}.`;
  return problemOf(field, { rule: 'unset-variable', message, remedy });
}
