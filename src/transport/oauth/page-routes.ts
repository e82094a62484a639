import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Issuer } from '../../auth/issuer/issuer.js';
import { clientAddress } from '../client-address.js';
import { accountPage } from './account-page.js';
import { consentPage } from './consent-page.js';
import { exchangeOf } from './exchange-of.js';
import type { OAuthParts, OAuthTier } from './oauth-parts.js';
import { pageHeaders } from './page.js';
import { signInPage, signedOutPage } from './sign-in-page.js';
import { styleSheet } from './style.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** A page for people: its forms are protected by tokens of their own, and its failures are pages. */
    oauthPage?: boolean;
  }
}

type Params = Readonly<Record<string, string>>;
type Query = Readonly<Record<string, unknown>>;
type Request = FastifyRequest<{ Params: Params; Querystring: Query; Body: unknown }>;
type Handler = (issuer: Issuer, request: Request, reply: FastifyReply) => Promise<FastifyReply | undefined>;

/** Bytes of a form. */
const maxForm = 65_536;

function sendPage(reply: FastifyReply, text: string, target?: string): FastifyReply {
  return reply.headers(pageHeaders(target)).send(text);
}

/** Browsers say `null` because of our Referrer-Policy; then `Sec-Fetch-Site` tells, and the form's token in any case. */
function isForeign({ headers }: Request, baseUrl: string): boolean {
  const { origin } = headers;
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin') return true;
  return origin !== undefined && origin !== 'null' && origin !== new URL(baseUrl).origin;
}

function pathOf({ url }: Request): string {
  return url.split('?', 1)[0] ?? '';
}

function formOf({ body }: Request): URLSearchParams {
  return body instanceof URLSearchParams ? body : new URLSearchParams();
}

const interaction: Handler = async (issuer, request, reply) => {
  const { baseUrl, choices } = issuer;
  const { uid = '' } = request.params;
  const view = await issuer.interactions.view(exchangeOf(request, reply, baseUrl), uid);
  if (view.kind === 'redirect') return reply.redirect(view.location, 303);
  const { client, formToken } = view;
  if (view.kind === 'consent') return sendPage(reply, consentPage(view, baseUrl), client.redirectSource);
  const action = `${baseUrl}/oauth/interaction/${uid}`;
  const page = { baseUrl, choices, begin: `${action}/sign-in/`, request: { client, action, formToken } };
  return sendPage(reply, signInPage(page), client.redirectSource);
};

const decide: Handler = async (issuer, request, reply) => {
  const form = formOf(request);
  const { uid = '' } = request.params;
  const location = await issuer.interactions.decide(exchangeOf(request, reply, issuer.baseUrl), uid, {
    formToken: form.get('form_token'),
    allow: form.get('decision') === 'allow',
    scopes: form.getAll('scope'),
    remember: form.get('remember') === 'yes',
  });
  return reply.redirect(location, 303);
};

const beginSignIn: Handler = async (issuer, request, reply) => {
  const { uid, provider = '' } = request.params;
  const exchange = exchangeOf(request, reply, issuer.baseUrl);
  // Only the browser that the request came from may go on with it: this fails for any other.
  if (uid !== undefined) await issuer.interactions.view(exchange, uid);
  return reply.redirect(await issuer.signIn.begin(exchange, provider, uid), 303);
};

/** Where a provider signs in silently, a link on another site would connect whoever had disconnected: it leads to the button. */
const connect: Handler = async (issuer, request, reply) => {
  const site = request.headers['sec-fetch-site'] ?? 'none';
  const own = site === 'same-origin' || site === 'none';
  return own ? beginSignIn(issuer, request, reply) : reply.redirect(`${issuer.baseUrl}/oauth`, 303);
};

function isCallback({ choices }: Issuer, request: Request): boolean {
  return choices.some(({ callbackPath }) => callbackPath === pathOf(request));
}

const callback: Handler = async (issuer, request, reply) => {
  const path = pathOf(request);
  const exchange = exchangeOf(request, reply, issuer.baseUrl);
  return reply.redirect(await issuer.signIn.finish(exchange, path, request.query), 303);
};

/** Whatever is no number of a page is the first one. */
function pageNumber({ query }: Request): number {
  const text = query['page'];
  return typeof text === 'string' && /^[1-9]\d{0,5}$/.test(text) ? Number(text) : 1;
}

const account: Handler = async (issuer, request, reply) => {
  const { baseUrl, choices } = issuer;
  const view = await issuer.account.view(exchangeOf(request, reply, baseUrl), pageNumber(request));
  if (view !== undefined) return sendPage(reply, accountPage(view, baseUrl));
  return sendPage(reply, signInPage({ baseUrl, choices, begin: `${baseUrl}/oauth/sign-in/` }));
};

const act: Handler = async (issuer, request, reply) => {
  const form = formOf(request);
  const farewell = await issuer.account.act(exchangeOf(request, reply, issuer.baseUrl), {
    formToken: form.get('form_token'),
    action: form.get('action'),
    target: form.get('target'),
  });
  if (farewell === undefined) return reply.redirect(`${issuer.baseUrl}/oauth`, 303);
  return sendPage(reply, signedOutPage(issuer, farewell));
};

/** The pages that people see: sign-in, consent, account, and where providers send them back to. */
export function mountPages(scope: FastifyInstance, parts: OAuthParts): void {
  const form = { parseAs: 'string', bodyLimit: maxForm } as const;
  scope.addContentTypeParser<string>('application/x-www-form-urlencoded', form, (_request, body, done) => {
    done(null, new URLSearchParams(body));
  });

  function route(method: 'GET' | 'POST', url: string, tier: OAuthTier, handler: Handler): void {
    scope.route<{ Params: Params; Querystring: Query }>({
      method,
      url,
      config: { access: 'oauth', oauthPage: true },
      handler: async (request, reply) => {
        const issuer = parts.issuer();
        if (issuer === undefined || (handler === callback && !isCallback(issuer, request))) {
          reply.callNotFound();
          return undefined;
        }
        await parts.limit(tier, clientAddress(request));
        if (method === 'POST' && isForeign(request, issuer.baseUrl)) {
          return issuer.refuseForeign(exchangeOf(request, reply, issuer.baseUrl));
        }
        return handler(issuer, request, reply);
      },
    });
  }

  route('GET', '/oauth/interaction/:uid', 'consent', interaction);
  route('POST', '/oauth/interaction/:uid', 'consent', decide);
  route('GET', '/oauth/interaction/:uid/sign-in/:provider', 'signIn', beginSignIn);
  route('GET', '/oauth/sign-in/:provider', 'signIn', connect);
  route('GET', '/oauth', 'consent', account);
  route('POST', '/oauth', 'consent', act);
  // A provider's `callback_path` may be any path that there is no other route for.
  route('GET', '/*', 'signIn', callback);
  scope.get('/oauth/style.css', { config: { access: 'public' } }, (_request, reply) =>
    reply
      .headers({ 'content-type': 'text/css; charset=utf-8', 'cache-control': 'public, max-age=3600' })
      .send(styleSheet),
  );
}
