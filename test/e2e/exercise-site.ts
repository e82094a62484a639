import { readFileSync } from 'node:fs';
import type { Client as ModernClient } from '@modelcontextprotocol/client';
import type { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { expect } from 'vitest';
import { parse } from 'yaml';
import { argumentsOf, possibleEnds, type Example } from './example-calls.js';
import type { Person } from './people.js';

/** A client of either SDK. */
export type AnyClient = ModernClient | LegacyClient;

type Kind = Example['kind'];

/** Who is offered what, as the example's own tests say it. */
const offered = parse(
  readFileSync(new URL('../examples/cases/who-is-offered-what.yml', import.meta.url), 'utf8'),
) as Record<string, Record<Kind, string[]> | undefined>;

interface ListedTool {
  readonly name: string;
  readonly outputSchema?: object | undefined;
}

/** All pages of the list of tools. */
async function listTools(client: AnyClient): Promise<ListedTool[]> {
  const all: ListedTool[] = [];
  for (let cursor: string | undefined; ;) {
    const { tools, nextCursor } = await client.listTools(cursor === undefined ? {} : { cursor });
    all.push(...tools);
    if (nextCursor === undefined) return all;
    cursor = nextCursor;
  }
}

/** What a client is offered, by kind: tools and prompts by name, resources by URI or template. */
export async function offers(client: AnyClient): Promise<Record<Kind, string[]>> {
  const [tools, { resources }, { resourceTemplates }, { prompts }] = [
    await listTools(client),
    await client.listResources(),
    await client.listResourceTemplates(),
    await client.listPrompts(),
  ];
  return {
    tool: tools.map(({ name }) => name),
    resource: [
      ...resources.map(({ uri }) => uri),
      ...resourceTemplates.map(({ uriTemplate }) => uriTemplate),
    ].sort(),
    prompt: prompts.map(({ name }) => name),
  };
}

/** Calls that the example's tests do not make. */
const more: Readonly<Record<string, Record<string, unknown>[]>> = {
  get_table_schema: [{ table_name: 'order_totals' }],
};

function callsOf(kind: Kind, name: string): Record<string, unknown>[] {
  return more[name] ?? argumentsOf(kind, name);
}

/** The list is what the site means this person to have. */
export async function exerciseLists(client: AnyClient, person: Person): Promise<void> {
  const listed = await offers(client);
  const wanted = offered[person];
  if (wanted) expect(listed).toEqual(wanted);
  expect(listed.tool.length).toBeGreaterThan(0);
}

/** The one text block that may stand beside structured content: the same JSON, with or without the wrapper of old revisions. */
function textForms(structured: unknown): object[] {
  const { result } = structured as { result?: unknown };
  return [structured, result].map((value) => [{ type: 'text', text: JSON.stringify(value) }]);
}

/** Every tool of the list answers every call that its author thought of, as its advertised schema says. */
export async function exerciseTools(client: AnyClient, person: Person): Promise<void> {
  const ajv = new Ajv2020({ strict: false });
  formats.default(ajv);
  for (const { name, outputSchema } of await listTools(client)) {
    const validate = outputSchema && ajv.compile(outputSchema);
    let reached = 0;
    for (const args of callsOf('tool', name)) {
      const calling = client.callTool({ name, arguments: args });
      const refused = await codeOf(calling);
      const answer = refused === 'success' ? await calling : undefined;
      const code = answer?.isError === true ? String(answer._meta?.['code']) : refused;
      const where = `${name} ${JSON.stringify(args)}: ${JSON.stringify(answer)}`;
      expect(possibleEnds('tool', name, args, person), where).toContain(code);
      if (code !== 'POLICY_DENIED') reached += 1;
      if (code !== 'success' || !answer) continue;
      if (!validate) {
        expect(answer.structuredContent, where).toBeUndefined();
        expect(answer.content, where).not.toEqual([]);
        continue;
      }
      expect(validate(answer.structuredContent), `${where} ${JSON.stringify(validate.errors)}`).toBe(true);
      expect(textForms(answer.structuredContent)).toContainEqual(answer.content);
    }
    expect(reached, `${name} can be called by ${person}`).toBeGreaterThan(0);
  }
}

async function codeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'success';
  } catch (error) {
    const { data } = error as { data?: { code?: string; requiredCapabilities?: { elicitation?: object } } };
    if (data?.requiredCapabilities?.elicitation) return 'ELICIT_UNAVAILABLE';
    return data?.code ?? String(error);
  }
}

/** Every resource of the list can be read, the templated ones with every argument that their author thought of. */
export async function exerciseResources(client: AnyClient, person: Person): Promise<void> {
  const { resource } = await offers(client);
  for (const template of resource) {
    let successes = 0;
    for (const args of callsOf('resource', template)) {
      const uri = template.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
        encodeURIComponent(String(args[name])),
      );
      const reading = client.readResource({ uri });
      const code = await codeOf(reading);
      expect(possibleEnds('resource', template, args, person), uri).toContain(code);
      if (code !== 'success') continue;
      successes += 1;
      const [content, ...others] = (await reading).contents;
      expect(others).toEqual([]);
      expect(content).toMatchObject({ uri });
      const text = content && 'text' in content ? content.text : '';
      expect(text.length).toBeGreaterThan(2);
      if (content?.mimeType === 'application/json') JSON.parse(text);
    }
    expect(successes, `${template} can be read by ${person}`).toBeGreaterThan(0);
  }
}

/** Every prompt of the list can be got. */
export async function exercisePrompts(client: AnyClient, person: Person): Promise<void> {
  const { prompt } = await offers(client);
  for (const name of prompt) {
    let successes = 0;
    for (const args of callsOf('prompt', name)) {
      const texts = Object.fromEntries(
        Object.entries(args).map(([key, value]) => [
          key,
          typeof value === 'string' ? value : JSON.stringify(value),
        ]),
      );
      const getting = client.getPrompt({ name, arguments: texts });
      const code = await codeOf(getting);
      expect(possibleEnds('prompt', name, args, person), name).toContain(code);
      if (code !== 'success') continue;
      successes += 1;
      const { messages } = await getting;
      expect(messages.length).toBeGreaterThan(0);
      for (const { role, content } of messages) {
        expect(['user', 'assistant']).toContain(role);
        expect(content).toMatchObject({ type: 'text' });
      }
    }
    expect(successes, `${name} can be got by ${person}`).toBeGreaterThan(0);
  }
}
