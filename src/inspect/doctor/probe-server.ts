import { isLoopbackHost } from '../../lib/loopback.js';
import { type Finding, verdict } from './finding.js';

/** One answer of the server, or why there was none. */
interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

const timeoutMs = 10_000;
const maxText = 64 * 1024;
const foreignPage = 'https://doctor.invalid';

async function ask(url: URL, init: RequestInit = {}): Promise<Answer> {
  const signal = AbortSignal.timeout(timeoutMs);
  const response = await fetch(url, { redirect: 'manual', ...init, signal });
  const text = (await response.text()).slice(0, maxText);
  return { status: response.status, headers: response.headers, text };
}

const json = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
const listTools = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} });

const requiredHeaders = [
  'content-security-policy',
  'x-content-type-options',
  'x-frame-options',
  'referrer-policy',
  'permissions-policy',
];

function headersOf(answers: readonly Answer[]): Finding {
  const missing = requiredHeaders.filter((name) => answers.some(({ headers }) => !headers.has(name)));
  return verdict({ id: 'live-headers', title: 'Security headers on every answer' }, missing.length === 0, {
    pass: `on ${answers.map(({ status }) => status).join(', ')}`,
    fail: `missing on some answers: ${missing.join(', ')}`,
    fix: 'Something in front of the server removes them: let the proxy pass the headers of answers',
  });
}

function refusesStrangers(answer: Answer): Finding {
  const challenge = answer.headers.get('www-authenticate') ?? '';
  const holds = answer.status === 401 && challenge.toLowerCase().startsWith('bearer');
  return verdict({ id: 'live-authentication', title: 'A call without a credential is refused' }, holds, {
    pass: '401 with a challenge',
    fail: `tools/list without a credential was answered with ${answer.status}`,
    fix: 'Configure auth (docs/providers)',
  });
}

function refusesUrlCredential(answer: Answer): Finding {
  return verdict(
    { id: 'live-url-credential', title: 'A credential in the URL is refused' },
    answer.status === 400,
    {
      pass: '400',
      fail: `answered with ${answer.status}`,
      fix: 'Let nothing in front of the server rewrite the query',
    },
  );
}

function refusesPages({ headers, status }: Answer): Finding {
  const allowed = headers.get('access-control-allow-origin');
  const holds = allowed === null || (allowed !== '*' && allowed !== foreignPage);
  return verdict({ id: 'live-cors', title: 'A foreign web page may not call' }, holds, {
    pass: `answered with ${status}, without permission`,
    fail: `${allowed ?? ''} is allowed`,
    fix: 'List the origins in transport.http.cors_origins, and let no proxy add CORS headers',
  });
}

const leak = /\bat .+\.(?:js|ts):\d+|node_modules|\/(?:home|root|usr|var|srv|opt)\/|SELECT .+ FROM/i;

function tellsNothing(answers: readonly Answer[]): Finding {
  const leaking = answers.filter(({ text }) => leak.test(text)).map(({ status }) => status);
  return verdict({ id: 'live-errors', title: 'Errors tell nothing of the inside' }, leaking.length === 0, {
    pass: 'no paths, no stacks, no SQL',
    fail: `answers with status ${leaking.join(', ')} show paths, stacks or SQL`,
    fix: 'Find out which layer in front of the server writes these answers',
  });
}

function encrypted(url: URL, { headers }: Answer): Finding {
  const item = { id: 'live-tls', title: 'https, and browsers are told to stay with it' };
  if (url.protocol === 'https:') {
    return verdict(item, headers.has('strict-transport-security'), {
      pass: 'https with Strict-Transport-Security',
      fail: 'https without Strict-Transport-Security',
      fix: 'Remove hsts: false; behind a proxy, set trust_proxy so that the server knows of the https',
    });
  }
  return verdict(item, isLoopbackHost(url.hostname), {
    pass: 'http on this machine only',
    fail: 'http: tokens and data travel in clear',
    fix: 'Serve https (docs/operate.md)',
  });
}

/**
 * The checklist against a running server: a handful of requests without a credential, each refused by a server that is set up
 * well. `url` is the address of the MCP endpoint. Throws the system's error when nobody answers there.
 */
export async function probeServer(url: URL): Promise<readonly Finding[]> {
  const withKey = new URL(url);
  withKey.searchParams.set('access_token', 'doctor');
  const post = { method: 'POST', headers: json, body: listTools };
  const stranger = await ask(url, post);
  const inUrl = await ask(withKey, post);
  const fromPage = await ask(url, { ...post, headers: { ...json, origin: foreignPage } });
  const malformed = await ask(url, {
    ...post,
    body: '{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"a',
  });
  const lost = await ask(new URL('/doctor-was-here', url));
  const answers = [stranger, inUrl, fromPage, malformed, lost];
  return [
    refusesStrangers(stranger),
    refusesUrlCredential(inUrl),
    headersOf(answers),
    refusesPages(fromPage),
    tellsNothing(answers),
    encrypted(url, stranger),
  ];
}
