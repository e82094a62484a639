import type { MxcpError, WayIn } from '../errors.js';
import type { JsonObject } from '../model/json.js';

/** A failure as a remote caller sees it. */
export interface PresentedError {
  /** What a model can act on. Never data, SQL, identifiers of the database, paths or secrets. */
  readonly text: string;
  /** JSON-RPC error code, where the failure is told as a protocol error. */
  readonly rpcCode: number;
  /** HTTP status, where a single message fails before the protocol has a say. */
  readonly status: number;
  /** `{code, call_id, rule?, retry_after?, required_scopes?}` (spec page 09). */
  readonly meta: JsonObject;
}

/** JSON-RPC codes: standard ones, one of MCP, and one from the range that the protocol leaves to servers. */
export const rpcCodes = {
  parse: -32700,
  request: -32600,
  params: -32602,
  internal: -32603,
  capability: -32021,
  refused: -32000,
} as const;

interface Face {
  readonly text: string;
  readonly rpcCode: number;
  readonly status: number;
  readonly extra?: JsonObject;
  /** True when the text is fixed, so that only the call id tells one failure from another. */
  readonly traced?: boolean;
}

function refused(text: string, status: number, extra?: JsonObject): Face {
  return { text, rpcCode: rpcCodes.refused, status, ...(extra && { extra }) };
}

function failed(text: string, status = 500): Face {
  return { text, rpcCode: rpcCodes.internal, status, traced: true };
}

function limitText(limit: string): string {
  return `The result passed the limit ${limit} of this endpoint. Narrow the call: filter more, or ask for fewer rows or columns.`;
}

/** No row where one is declared, which is most often about the arguments (spec page 03, "Results"). */
const noResults = 'No results returned';

const unfitText = 'The result does not have the declared form. This is a fault of the site, not of the call.';

/** What `admit` says of any credential on a site without sign-in. */
const noAuthentication = 'This server has no authentication configured, so no credential is valid here';

const wayTexts: Readonly<Record<WayIn, string>> = {
  'sign-in': 'an access token in Authorization: Bearer, which a client gets by signing in',
  token: 'an access token in Authorization: Bearer',
  key: 'an API key in X-API-Key',
  certificate: 'a client certificate',
};

/** The challenge tells clients the same; this is for people. */
function requiredText(ways: readonly WayIn[]): string {
  const texts = ways.map((way) => wayTexts[way]);
  return texts.length === 0
    ? 'Authentication required'
    : `Authentication required: send ${texts.join(', or ')}`;
}

/** What each failure looks like. Exhaustive: a new code does not compile until it is decided what a caller sees of it. */
function faceOf(error: MxcpError): Face {
  switch (error.code) {
    case 'CALL_INVALID_ARGUMENTS':
      return { text: error.message, rpcCode: rpcCodes.params, status: 400 };
    case 'CALL_UNKNOWN_ENDPOINT':
      return { text: 'Unknown endpoint', rpcCode: rpcCodes.params, status: 404 };
    case 'CALL_ENDPOINT_INVALID':
      return failed('This endpoint is declared with errors and is not served.');
    case 'CALL_RATE_LIMITED':
      return refused(`Too many calls. Try again in ${error.retryAfterSeconds} s.`, 429, {
        retry_after: error.retryAfterSeconds,
      });
    case 'CALL_OVERLOADED':
      return refused('The server is busy. Try again later.', 503);
    case 'CALL_CANCELLED':
      return refused('The call was cancelled.', 499);
    case 'CALL_SHUTTING_DOWN':
      return refused('The server is stopping. Try again later.', 503);
    case 'POLICY_DENIED':
      return refused(error.message, 403, { rule: error.rule });
    case 'EXECUTE_SQL_REFUSED':
      return refused(error.message, 400);
    case 'EXECUTE_FAILED':
      return failed('The call failed while its query ran.');
    case 'EXECUTE_TIMEOUT':
      return failed('The call passed its deadline and was stopped. Narrow the call.', 504);
    case 'EXECUTE_LIMIT_EXCEEDED':
      return failed(limitText(error.limit));
    case 'EXECUTE_INVALID_RESULT':
      return failed(error.message === noResults ? noResults : unfitText);
    case 'EXECUTE_CONFLICT':
      return failed('The call met another one that wrote the same data. Try again.', 409);
    case 'EXECUTE_COMMIT_FAILED':
      return failed('The call failed: what it wrote could not be saved, and nothing was changed.');
    case 'EXECUTE_BODY_FAILED':
      return failed('The call failed: its body ended with an error.');
    case 'EXECUTE_TOOL_ERROR':
      return refused(error.message, 400);
    case 'EXECUTE_WORKER_LOST':
      return failed(
        error.reason === 'memory'
          ? 'The call needed more memory than it may have and was stopped. Narrow the call.'
          : 'The call failed: its body ended the worker that ran it.',
      );
    case 'ELICIT_UNAVAILABLE':
      return {
        text: 'The call has to ask you something, and this client or transport cannot ask.',
        rpcCode: rpcCodes.capability,
        status: 400,
        extra: { requiredCapabilities: { elicitation: {} } },
      };
    case 'ELICIT_STATE_INVALID':
      return { text: error.message, rpcCode: rpcCodes.params, status: 400 };
    case 'INPUT_REQUIRED':
      return refused('The call needs an answer of the human behind the client.', 400);
    case 'EXECUTE_DATABASE_UNAVAILABLE':
      return failed('The database is not available. Try again later.', 503);
    case 'AUDIT_UNAVAILABLE':
      return failed('The call cannot be recorded, so it is not answered. Try again later.', 503);
    case 'AUTH_CREDENTIAL_REQUIRED':
      return refused(requiredText(error.ways), 401);
    case 'AUTH_CREDENTIAL_INVALID':
      return refused(
        error.message === noAuthentication ? noAuthentication : 'The credential is not valid',
        401,
      );
    case 'AUTH_CREDENTIAL_AMBIGUOUS':
      return refused(error.message, 400);
    case 'AUTH_UNAVAILABLE':
      return failed('The credential cannot be checked at the moment. Try again later.', 503);
    case 'AUTH_SIGN_IN_FAILED':
      return refused(error.message, 400);
    case 'AUTH_UPSTREAM_REFUSED':
    case 'AUTH_ORIGIN_REFUSED':
    case 'AUTH_ANONYMOUS_REFUSED':
      return refused(error.message, 403);
    case 'AUTH_INSUFFICIENT_SCOPE':
      return refused(`Insufficient scope. This call needs: ${error.requiredScopes.join(' ')}`, 403, {
        required_scopes: error.requiredScopes,
      });
    case 'CONFIG_INVALID':
    case 'CONFIG_NOT_FOUND':
    case 'USAGE_INVALID':
    case 'AUDIT_QUERY_FAILED':
    case 'INTERNAL':
      return failed('The call failed for an internal reason.');
  }
}

/**
 * A failure in the words that may leave the server: the real message for policy and argument errors, a fixed text per
 * class of failure for everything else, with the call id that finds the full story in the log (spec pages 01 and 09).
 */
export function presentError(error: MxcpError, callId: string): PresentedError {
  const { text, rpcCode, status, extra, traced } = faceOf(error);
  return {
    text: traced === true ? `${text} (call ${callId})` : text,
    rpcCode,
    status,
    meta: { code: error.code, call_id: callId, ...extra },
  };
}
