import type { Endpoint } from '../model/endpoint.js';
import type { TypeNode } from '../model/type-node.js';
import { redacted } from './redacted.js';
import type { Redactor } from './redact.js';

interface Template {
  readonly pattern: RegExp;
  /** Literals and variables in turn, as the template has them. */
  readonly parts: readonly string[];
}

const templates = new WeakMap<Endpoint, Template>();

function compileTemplate(uri: string): Template {
  const parts = uri.split(/\{([^{}]*)\}/);
  const source = parts
    .map((part, index) =>
      index % 2 === 0 ? part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`) : '([^/?#]*)',
    )
    .join('');
  return { pattern: new RegExp(`^${source}$`), parts };
}

function templateOf(endpoint: Endpoint): Template {
  let template = templates.get(endpoint);
  if (template === undefined) {
    template = compileTemplate(endpoint.name);
    templates.set(endpoint, template);
  }
  return template;
}

function hideVariables(uri: string, endpoint: Endpoint, hidden: (name: string) => boolean): string {
  const { pattern, parts } = templateOf(endpoint);
  const values = pattern.exec(uri);
  // A URI that the template does not match cannot be taken apart, so nothing of it is shown.
  if (values === null) return endpoint.name;
  return parts
    .map((part, index) => {
      if (index % 2 === 0) return part;
      return hidden(part) ? redacted : (values[(index + 1) / 2] ?? '');
    })
    .join('');
}

/** A URI, or a text with one in it, without the values of secret query fields. */
export function hideQuery(text: string, redactor: Redactor): string {
  return text.replaceAll(/([?&;#])([^=&;#]{1,256})=([^&;#]*)/g, (match, mark: string, key: string) =>
    redactor.isSecretKey(key) ? `${mark}${key}=${redacted}` : match,
  );
}

/**
 * What is shown of a URI that is no resource's: its scheme and its length. The rest may be a sensitive value that the URI
 * of a template was meant to have.
 */
export function hideUnknownUri(uri: string): string {
  const scheme = /^[a-z][a-z\d+.-]{0,63}:(?:\/\/)?/i.exec(uri)?.[0] ?? '';
  return `${scheme}[${uri.length - scheme.length} characters]`;
}

/** A text without that URI, also where it stands cut at 256 characters. */
export function withoutUnknownUri(text: string, uri: string): string {
  const shown = hideUnknownUri(uri);
  if (uri === '') return text;
  const start = uri.slice(0, 256);
  return text.includes(uri) ? text.replaceAll(uri, () => shown) : text.replaceAll(start, () => shown);
}

/** A concrete resource URI without the values of sensitive parameters, of secret query fields, and of what looks like a secret. */
export function redactUri(
  uri: string,
  endpoint: Endpoint | undefined,
  nodes: ReadonlyMap<string, TypeNode>,
  redactor: Redactor,
): string {
  if (endpoint === undefined) return redactor.name(hideUnknownUri(uri));
  const hidden = (name: string): boolean => nodes.get(name)?.sensitive === true || redactor.isSecretKey(name);
  const anyHidden = [...nodes.keys()].some(hidden);
  const shown = anyHidden ? hideVariables(uri, endpoint, hidden) : uri;
  return redactor.name(hideQuery(shown.slice(0, 4096), redactor));
}
