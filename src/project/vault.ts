import { isObject } from '../lib/is-object.js';

/** Where a Vault server is, and the token to use. */
export interface VaultOptions {
  readonly address: string;
  readonly token: string;
  readonly namespace?: string;
  /** Longest time of one request. */
  readonly timeoutMs?: number;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

const maxAnswerBytes = 1024 * 1024;

/**
 * A resolver of `vault://<mount>/<path>#<key>` over Vault's HTTP API: the KV engine's version 2, then version 1. Each secret is
 * asked for once. Its errors name no value and repeat nothing that the server said.
 */
export function openVault(options: VaultOptions): (reference: string) => Promise<string> {
  const secrets = new Map<string, Promise<Readonly<Record<string, unknown>>>>();
  return async (reference) => {
    const { mount, path, key } = parseReference(reference);
    const id = `${mount}/${path}`;
    const pending = secrets.get(id) ?? readSecret(options, mount, path);
    secrets.set(id, pending);
    const secret = await pending;
    if (!Object.hasOwn(secret, key)) throw new Error('the secret has no such key');
    const value = secret[key];
    return typeof value === 'string' ? value : JSON.stringify(value);
  };
}

function parseReference(reference: string): { mount: string; path: string; key: string } {
  const match = /^vault:\/\/([^/#]+)\/([^#]+)#(.+)$/.exec(reference);
  const [, mount, path, key] = match ?? [];
  const parts = [mount, ...(path?.split('/') ?? [])];
  if (
    mount === undefined ||
    path === undefined ||
    key === undefined ||
    parts.some((part) => part === '' || part === '.' || part === '..')
  ) {
    throw new Error('it must look like vault://mount/path#key');
  }
  return { mount, path, key };
}

async function readSecret(
  options: VaultOptions,
  mount: string,
  path: string,
): Promise<Readonly<Record<string, unknown>>> {
  const second = await ask(options, `${mount}/data/${path}`);
  const current = member(member(second.body, 'data'), 'data');
  if (second.status === 200 && isObject(current)) return current;
  if (second.status === 404 && isObject(member(member(second.body, 'data'), 'metadata'))) {
    throw new Error('the newest version of the secret is deleted');
  }
  if (second.status !== 404 && second.status !== 403 && second.status !== 200) throw failure(second.status);
  const first = await ask(options, `${mount}/${path}`);
  const data = member(first.body, 'data');
  if (first.status === 200 && isObject(data))
    return isVersioned(data) ? (data['data'] as Record<string, unknown>) : data;
  throw failure(first.status === 404 ? second.status : first.status);
}

/** The answer of the versioned engine, read by a path that already had `data/` in it. */
function isVersioned(data: Readonly<Record<string, unknown>>): boolean {
  return isObject(data['data']) && isObject(data['metadata']) && 'version' in data['metadata'];
}

function failure(status: number): Error {
  if (status === 403) return new Error('Vault refused the token, or it may not read this path (HTTP 403)');
  if (status === 404) return new Error('Vault has no such secret (HTTP 404)');
  if (status === 503) return new Error('Vault is sealed or in maintenance (HTTP 503)');
  return new Error(`Vault answered HTTP ${status}`);
}

async function ask(options: VaultOptions, path: string): Promise<Answer> {
  const base = options.address.replace(/\/+$/, '');
  const url = new URL(`${base}/v1/${path.split('/').map(encodeURIComponent).join('/')}`);
  const answer = await send(url, options);
  const location = answer.headers.get('location');
  if ((answer.status === 307 || answer.status === 308) && location !== null) {
    const next = new URL(location, url);
    if (next.protocol !== url.protocol) throw new Error('Vault redirects to another protocol');
    return await parse(await send(next, options));
  }
  return await parse(answer);
}

async function send(url: URL, { token, namespace, timeoutMs = 10_000 }: VaultOptions): Promise<Response> {
  const headers = {
    'X-Vault-Token': token,
    'X-Vault-Request': 'true',
    ...(namespace !== undefined && { 'X-Vault-Namespace': namespace }),
  };
  try {
    return await fetch(url, { headers, redirect: 'manual', signal: AbortSignal.timeout(timeoutMs) });
  } catch (error) {
    throw new Error(`Vault at ${url.origin} cannot be reached`, { cause: error });
  }
}

async function parse(response: Response): Promise<Answer> {
  const text = await response.text();
  if (text.length > maxAnswerBytes) throw new Error('Vault answered too much');
  try {
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
  } catch (error) {
    if (response.status !== 200) return { status: response.status, body: undefined };
    throw new Error('Vault did not answer with JSON: check `vault.address`', { cause: error });
  }
}

function member(value: unknown, key: string): unknown {
  return isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}
