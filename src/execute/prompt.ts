import { ExecuteFailedError, isMxcpError, type Problem } from '../errors.js';
import { excerpt, locate, type SourceText } from '../lib/source-text.js';
import type { PromptMessage, PromptRole } from '../model/endpoint.js';
import type { JsonObject } from '../model/json.js';
import type { RenderedMessage } from '../model/outcome.js';
import type { Parameter } from '../model/type-node.js';
import { BoundedInterpreter, declareGlobals, globalNames } from './bounded-interpreter.js';
import { Environment, parseJinja, type TemplateNode } from './jinja.js';
import { templateFindings } from './template-names.js';

/** A prompt that is ready to render, and what is wrong with its templates. */
export interface CompiledPrompt {
  /** Renders with canonical arguments. Throws `ExecuteFailedError` when a template fails or passes its bounds. */
  readonly render: (args: JsonObject) => readonly RenderedMessage[];
  readonly problems: readonly Problem[];
}

interface CompiledMessage {
  readonly role: PromptRole;
  readonly program: TemplateNode;
}

/**
 * Compiles the Jinja templates of a prompt (spec page 02): each parses, and uses declared parameters and known filters
 * only. Templates reach neither files nor prototypes, and their loops and output are bounded.
 */
export function compilePrompt(
  messages: readonly PromptMessage[],
  parameters: readonly Parameter[],
): CompiledPrompt {
  const names = parameters.map(({ name }) => name);
  const known = new Set([...names, ...globalNames]);
  const problems: Problem[] = [];
  const compiled: CompiledMessage[] = [];
  for (const { role, template } of messages) {
    const program = parseTemplate(template, problems);
    if (!program) continue;
    problems.push(...checkNames(template, program, known));
    compiled.push({ role, program });
  }
  return { problems, render: (args) => compiled.map((message) => renderMessage(message, names, args)) };
}

function parseTemplate(template: SourceText, problems: Problem[]): TemplateNode | undefined {
  try {
    return parseJinja(template.text);
  } catch (error) {
    // The parser stumbles over the end of a text in which a block is open.
    const isOpen = error instanceof TypeError;
    const reason = isOpen ? 'a block has no end, like {% endif %}' : parserWords(error);
    const offset = isOpen ? template.text.lastIndexOf('{%') : template.text.search(/\{[{%#]/);
    const message = `The template does not parse: ${reason}`;
    problems.push(problemAt(template, Math.max(0, offset), 'template-syntax', message));
    return undefined;
  }
}

function parserWords(error: unknown): string {
  const words = error instanceof Error ? error.message : String(error);
  return words.replace(/^Parser Error: /, '').replace(/(?:\.|, got) .*$/s, '');
}

function checkNames(template: SourceText, program: TemplateNode, known: ReadonlySet<string>): Problem[] {
  return templateFindings(program, known).map(({ kind, name }) => {
    const offset = findName(template.text, name);
    return kind === 'variable'
      ? problemAt(
          template,
          offset,
          'template-undefined',
          `The template uses '${name}', which is not a parameter`,
        )
      : problemAt(
          template,
          offset,
          'template-unknown',
          `The ${kind} '${name}' is not available in templates`,
        );
  });
}

/** The first place of a word inside a `{{ }}` or `{% %}`; the parser does not keep positions. */
function findName(text: string, name: string): number {
  for (const block of text.matchAll(/\{[{%][\s\S]*?[%}]\}/g)) {
    const inside = new RegExp(`(?<![\\w$])${name.replaceAll(/[^\w]/g, '\\$&')}(?![\\w$])`).exec(block[0]);
    if (inside) return block.index + inside.index;
  }
  return 0;
}

function problemAt(source: SourceText, offset: number, rule: string, message: string): Problem {
  return {
    severity: 'error',
    rule,
    message,
    origin: locate(source, offset),
    excerpt: excerpt(source, offset),
  };
}

function renderMessage(
  { role, program }: CompiledMessage,
  names: readonly string[],
  args: JsonObject,
): RenderedMessage {
  const environment = new Environment();
  declareGlobals(environment);
  for (const name of names) {
    environment.variables.delete(name);
    environment.set(name, Object.hasOwn(args, name) ? args[name] : null);
  }
  try {
    return { role, text: String(new BoundedInterpreter(environment).run(program).value) };
  } catch (error) {
    if (isMxcpError(error)) throw error;
    throw new ExecuteFailedError('A prompt template failed', { cause: error });
  }
}
