import {
  AnonymousRefusedError,
  CredentialAmbiguousError,
  CredentialInvalidError,
  type MxcpError,
} from '../errors.js';
import { describeRefusal } from '../audit/describe-event.js';
import type { Caller, Persona } from '../model/caller.js';
import type { RequestContext } from '../model/call.js';
import type { Runtime } from './runtime.js';

/** What a transport knows of a request before its body has been read. On stdio there are no headers and no query. */
export interface AdmitRequest {
  /** Every header with its lower-case name, credentials included; values of a repeated header in order. */
  readonly headers: Readonly<Record<string, readonly string[]>>;
  /** Names of the query parameters of the URL. */
  readonly queryNames: readonly string[];
  /** Who every caller is taken to be (`serve --as`, for development). */
  readonly persona?: Persona;
}

const credentialHeaders = ['authorization', 'x-api-key'];
const credentialParameters = new Set(['access_token', 'api_key', 'apikey', 'token', 'key']);
const proxyHeaders = new Set(['forwarded', 'via', 'x-real-ip']);

function isFromProxy(header: string): boolean {
  return proxyHeaders.has(header) || header.startsWith('x-forwarded-');
}

function refusal(runtime: Runtime, request: AdmitRequest): MxcpError | undefined {
  const credentials = credentialHeaders.flatMap((name) => request.headers[name] ?? []);
  if (request.queryNames.some((name) => credentialParameters.has(name.toLowerCase()))) {
    return new CredentialAmbiguousError('A credential in the URL is not accepted: send it in a header');
  }
  if (credentials.length > 1) return new CredentialAmbiguousError('A request carries at most one credential');
  if (credentials.length === 1) {
    return new CredentialInvalidError(
      'This server has no authentication configured, so no credential is valid here',
    );
  }
  if (runtime.project.auth.allowAnonymous) return undefined;
  const forwarded = Object.keys(request.headers).find(isFromProxy);
  if (forwarded === undefined) return undefined;
  return new AnonymousRefusedError(
    `This server answers anyone on this machine, and this request came through a proxy (header ${forwarded}). ` +
      'Configure authentication, or set auth.allow_anonymous: true when everyone behind that proxy may call',
  );
}

/**
 * Step 1 of a call (spec page 01): the credentials of one request → who is calling. A refusal is on record before it is
 * thrown. Throws `AUTH_*` errors, and `AUDIT_UNAVAILABLE` when the refusal cannot be recorded.
 */
export async function admit(
  runtime: Runtime,
  request: AdmitRequest,
  context: RequestContext,
): Promise<Caller> {
  const error = context.transport === 'http' ? refusal(runtime, request) : undefined;
  if (error === undefined) return runtime.callerOf(context.transport, request.persona);
  await runtime.audit.refuse(describeRefusal(runtime.describer, context, error));
  throw error;
}
