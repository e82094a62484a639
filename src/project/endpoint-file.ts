import type { Problem } from '../errors.js';
import { didYouMean } from '../lib/did-you-mean.js';
import type { EndpointKind } from '../model/rule.js';
import type { Endpoint } from '../model/endpoint.js';
import type { Draft } from '../model/project.js';
import { buildEndpoint } from './build-endpoint.js';
import { draftOf } from './draft.js';
import type { EndpointContext } from './endpoint-context.js';
import { checkSchema } from './check-schema.js';
import { at, booleanOf, itemsOf, stringOf, type Field, type YamlSource } from './field.js';
import { problemAt, problemOfKey, suggestion } from './problems.js';
import { readYamlFile } from './yaml-file.js';
import { shownPath } from './site-paths.js';

/** One file of `tools`, `resources` or `prompts` after reading. */
export interface EndpointFile {
  readonly file: string;
  /** The raw text, for the digest. */
  readonly text: string;
  readonly kind?: EndpointKind;
  readonly name?: string;
  /** Where the name stands. */
  readonly named?: Field;
  readonly enabled: boolean;
  /** Its tags as written, also of an endpoint that is disabled or broken. */
  readonly tags: readonly Field[];
  /** Absent when the file is disabled, skipped or cannot be understood. */
  readonly endpoint?: Endpoint;
  /** What of it can be checked further when there are errors. */
  readonly draft?: Draft;
  readonly problems: readonly Problem[];
}

export const endpointKinds = ['tool', 'resource', 'prompt'] as const;

/** Reads one endpoint file and says everything that is wrong with it. Never throws for what the file contains. */
export async function readEndpointFile(path: string, context: EndpointContext): Promise<EndpointFile> {
  const { source, root, problems } = await readYamlFile({ path, shown: shownPath(context.root, path) });
  const start = { file: source.file, text: source.text, enabled: true, tags: [] };
  if (root === undefined) return { ...start, problems: problems.length > 0 ? problems : [skipped(source)] };
  const kinds = endpointKinds.filter((kind) => root.entries?.has(kind));
  const [kind] = kinds;
  if (kind === undefined) return { ...start, problems: [...problems, noEndpoint(root)] };
  if (kinds.length > 1) return { ...start, kind, problems: [...problems, severalEndpoints(root, kinds)] };
  return { ...start, ...(await readEndpoint(root, kind, problems, context)) };
}

async function readEndpoint(
  file: Field,
  kind: EndpointKind,
  syntax: readonly Problem[],
  context: EndpointContext,
): Promise<Omit<EndpointFile, 'file' | 'text'>> {
  const named = at(file, kind, kind === 'resource' ? 'uri' : 'name');
  const name = stringOf(named);
  const tags = itemsOf(at(file, kind, 'tags'));
  const identity = { kind, tags, ...(name !== undefined && { name }), ...(named !== undefined && { named }) };
  if (booleanOf(at(file, kind, 'enabled')) === false)
    return { ...identity, enabled: false, problems: syntax };
  const { root, problems } = checkSchema(kind, file);
  const found = [...syntax, ...problems];
  const object = at(root, kind);
  const endpoint = object === undefined ? undefined : await buildEndpoint(root, kind, object, context, found);
  const errors = found.filter(({ severity }) => severity === 'error');
  const draft = object && syntax.length === 0 ? draftOf(endpoint, object, errors) : undefined;
  const label = `${kind}/${name ?? '?'}`;
  return {
    ...identity,
    enabled: true,
    ...(endpoint && { endpoint }),
    ...(draft && { draft }),
    problems: found.map((each) => ({ ...each, endpoint: label })),
  };
}

function noEndpoint(root: Field): Problem {
  for (const [key, child] of root.entries ?? []) {
    const near = didYouMean(key, endpointKinds);
    if (near !== undefined) {
      return problemOfKey(child, {
        rule: 'unknown-key',
        message: `Unknown key "${key}" in this file`,
        remedy: suggestion(near),
      });
    }
  }
  return skipped(root.source);
}

/** For a file that is not meant for this program, or has nothing in it. */
export function skipped(source: YamlSource): Problem {
  const message = 'This file has no tool, resource or prompt and is skipped';
  return problemAt(source, 0, { severity: 'warning', rule: 'skipped-file', message });
}

function severalEndpoints(root: Field, kinds: readonly string[]): Problem {
  const message = `This file has more than one endpoint: ${kinds.join(', ')}`;
  return problemOfKey(at(root, kinds[1] ?? '') ?? root, {
    rule: 'several-endpoints',
    message,
    remedy: 'Give each its own file.',
  });
}
