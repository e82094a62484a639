import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { call } from '../../src/engine/pipeline.js';
import type { Runtime } from '../../src/engine/runtime.js';
import type { Persona } from '../../src/model/caller.js';
import type { RequestContext, Transport } from '../../src/model/call.js';
import type { Outcome } from '../../src/model/outcome.js';
import type { EndpointKind } from '../../src/model/rule.js';

/** Somebody with these fields, as the operator may state them. */
export function person(fields: Partial<Persona> = {}): Persona {
  return { claims: {}, ...fields };
}

/** The context of a request that comes now. */
export function contextOf(transport: Transport): RequestContext {
  const ip = transport === 'http' ? { ip: '127.0.0.1' } : {};
  return { transport, id: 'request', time: Date.now() * 1000, headers: {}, ...ip };
}

/** One call of a tool, or of the kind that is named, by somebody. */
export function ask(
  runtime: Runtime,
  who: Persona | undefined,
  name: string,
  args: object = {},
  { transport = 'cli', kind = 'tool' }: { transport?: Transport; kind?: EndpointKind } = {},
): Promise<Outcome> {
  const context = contextOf(transport);
  const caller = runtime.callerOf(transport, who);
  return call(runtime, { kind, name, arguments: args, caller, context });
}

/** How a call ended: its JSON text, or the code of its error. */
export function endOf(outcome: Outcome): string {
  if (outcome.status !== 'success') return outcome.error.code;
  return outcome.released.form === 'value' ? outcome.released.json : outcome.released.form;
}

/** A file of cases beside the tests. */
export function cases(name: string): unknown {
  return parse(readFileSync(new URL(`cases/${name}.yml`, import.meta.url), 'utf8'), { maxAliasCount: 0 });
}

/** The first `yaml` block of a page of the docs below a heading. */
export function docsSample(page: string, heading: string): string {
  const text = readFileSync(new URL(`../../docs/${page}`, import.meta.url), 'utf8');
  const section = text.split(/^(?=#+ )/m).find((part) => part.startsWith(`## ${heading}\n`));
  const sample = section && /^```yaml\n([\s\S]*?)^```$/m.exec(section)?.[1];
  if (sample === undefined) throw new Error(`${page} has no sample below "${heading}"`);
  return sample;
}
