import { describeRefusal } from '../audit/describe-event.js';
import {
  AnonymousRefusedError,
  CredentialInvalidError,
  CredentialRequiredError,
  type MxcpError,
  toMxcpError,
  type WayIn,
} from '../errors.js';
import type { Caller, Persona } from '../model/caller.js';
import type { RequestContext } from '../model/call.js';
import type { Project } from '../model/project.js';
import { chargeAddress } from './charge.js';
import { type Credentials, presentedBy } from './credentials.js';
import { isProxyHeader } from './proxy-header.js';
import type { Runtime } from './runtime.js';

/** What a transport knows of a request before its body has been read. */
export interface AdmitRequest extends Credentials {
  /** Who every caller is taken to be (`serve --as`, for development). */
  readonly persona?: Persona;
}

/** Everybody at this machine, unless the operator opened the server to others. */
function admitAnyone(runtime: Runtime, request: AdmitRequest): Caller {
  if (presentedBy(request) !== undefined) {
    throw new CredentialInvalidError(
      'This server has no authentication configured, so no credential is valid here',
    );
  }
  const forwarded = Object.keys(request.headers).find(isProxyHeader);
  if (forwarded !== undefined && !runtime.project.auth.allowAnonymous) {
    throw new AnonymousRefusedError(
      `This server answers anyone on this machine, and this request came through a proxy (header ${forwarded}). ` +
        'Configure authentication, or set auth.allow_anonymous: true when everyone behind that proxy may call',
    );
  }
  return runtime.callerOf('http', request.persona);
}

function credentialRequired({ auth }: Project): CredentialRequiredError {
  const ways: WayIn[] = [];
  if (auth.issuer !== undefined) ways.push('sign-in');
  else if (auth.verifiers.length > 0) ways.push('token');
  if (auth.apiKeys) ways.push('key');
  if (auth.clientCertificates) ways.push('certificate');
  return new CredentialRequiredError('This server needs a credential, and the request has none', ways);
}

async function identify(runtime: Runtime, request: AdmitRequest): Promise<Caller> {
  const { auth, project } = runtime;
  if (auth === undefined) {
    if (!project.auth.open && request.persona === undefined) throw credentialRequired(project);
    return admitAnyone(runtime, request);
  }
  const presented = presentedBy(request);
  if (presented !== undefined) return runtime.callerFor(await auth.authenticate(presented));
  if (request.persona === undefined && !project.auth.allowAnonymous) throw credentialRequired(project);
  return runtime.callerOf('http', request.persona);
}

/**
 * Step 1 of a call (spec page 01): the credentials of one request → who is calling. A refusal is on record before it is
 * thrown. Throws `AUTH_*` errors, `CALL_RATE_LIMITED` for too many requests of one address, and `AUDIT_UNAVAILABLE` when the
 * refusal cannot be recorded.
 */
export async function admit(
  runtime: Runtime,
  request: AdmitRequest,
  context: RequestContext,
): Promise<Caller> {
  if (context.transport !== 'http') return runtime.callerOf(context.transport, request.persona);
  try {
    await chargeAddress(runtime, context);
    return await identify(runtime, request);
  } catch (error) {
    return refuse(runtime, context, toMxcpError(error));
  }
}

/** Puts a refusal on record, singly or counted, and throws it. Throws `AUDIT_UNAVAILABLE` when it cannot be recorded. */
export async function refuse(runtime: Runtime, context: RequestContext, error: MxcpError): Promise<never> {
  await runtime.audit.refuse(describeRefusal(runtime.describer, context, error));
  throw error;
}
