import * as library from '@huggingface/jinja';

/** A node of a parsed template; what else it has depends on its type. */
export interface TemplateNode {
  readonly type: string;
}

/** A value while a template renders: plain values are in `value`, lists as arrays, objects as maps. */
export interface TemplateValue {
  readonly value: unknown;
}

/** The variables of one rendering. */
export interface TemplateEnvironment {
  readonly variables: Map<string, unknown>;
  set(name: string, value: unknown): unknown;
}

/** Evaluates nodes; every evaluation, however deep, goes through `evaluate`. */
export interface TemplateInterpreter {
  run(program: TemplateNode): TemplateValue;
  evaluate(node: TemplateNode | undefined, environment: TemplateEnvironment): TemplateValue;
}

interface Jinja {
  readonly Environment: new () => TemplateEnvironment;
  readonly Interpreter: new (environment: TemplateEnvironment) => TemplateInterpreter;
  readonly tokenize: (template: string) => unknown;
  readonly parse: (tokens: unknown) => TemplateNode;
}

/** The package's own declarations import without file endings, which NodeNext does not resolve: so they are given here. */
const jinja = library as unknown as Jinja;

export const { Environment, Interpreter } = jinja;

/** Parses a template by Jinja's default whitespace rules. Throws a `SyntaxError` that names no place. */
export function parseJinja(template: string): TemplateNode {
  return jinja.parse(jinja.tokenize(template));
}
