import type { AccountAction, AccountView } from '../../auth/issuer/account-page.js';
import type { Account, ConnectionState } from '../../auth/issuer/accounts.js';
import type { GrantRecord } from '../../auth/issuer/grants.js';
import { scopeWords } from '../../auth/issuer/scope-words.js';
import { html, type Html } from './html.js';
import { renderPage } from './page.js';

const states: Readonly<Record<ConnectionState, string>> = {
  connected: 'Connected',
  awaiting: 'Awaiting OAuth',
  error: 'Error: the provider could not be asked last time',
};

function time(ms: number | undefined): Html {
  if (ms === undefined) return html`never`;
  const iso = new Date(ms).toISOString();
  return html`<time datetime="${iso}">${iso.slice(0, 16).replace('T', ' ')} UTC</time>`;
}

interface Button {
  readonly action: AccountAction;
  readonly target?: string;
  readonly label: string;
  /** Tells buttons of the same label apart, for those who do not see the page. */
  readonly of?: string;
}

function button(view: AccountView, baseUrl: string, { action, target = '', label, of }: Button): Html {
  const name = of === undefined ? undefined : html` aria-label="${label}: ${of}"`;
  return html`<form method="post" action="${baseUrl}/oauth">
    <input type="hidden" name="form_token" value="${view.formToken}" />
    <input type="hidden" name="target" value="${target}" />
    <button class="danger" name="action" value="${action}" ${name}>${label}</button>
  </form>`;
}

function rows(title: string, items: readonly Html[], none: string): Html {
  const list = items.map((item) => html`<li>${item}</li>`);
  return html`<h2>${title}</h2>
    ${
      items.length === 0
        ? html`<p>${none}</p>`
        : html`<ul>
            ${list}
          </ul>`
    }`;
}

function grantRow(view: AccountView, baseUrl: string, grant: GrantRecord): Html {
  const owner =
    view.admin &&
    html`<dt>Person</dt>
      <dd>${grant.username}</dd>`;
  return html`<dl>
      <dt>Application</dt>
      <dd>${grant.clientName} (${grant.redirectHost})</dd>
      ${owner}
      <dt>May</dt>
      <dd>${grant.scopes.map(scopeWords).join('; ')}</dd>
      <dt>Since</dt>
      <dd>${time(grant.createdAt)}</dd>
      <dt>Last use</dt>
      <dd>${time(grant.lastUsedAt)}</dd>
    </dl>
    ${button(view, baseUrl, { action: 'revoke-grant', target: grant.id, label: 'Revoke', of: grant.clientName })}`;
}

function sessionRow(view: AccountView, baseUrl: string, session: AccountView['sessions'][number]): Html {
  const owner =
    view.admin &&
    html`<dt>Person</dt>
      <dd>${session.username}</dd>`;
  const here = session.uid === view.sessionUid;
  return html`<dl>
      <dt>Browser session</dt>
      <dd>${here ? 'this one' : 'another one'}</dd>
      ${owner}
      <dt>Signed in</dt>
      <dd>${time(session.signedInAt)}</dd>
      <dt>Ends</dt>
      <dd>${time(session.expiresAt)}</dd>
    </dl>
    ${!here && button(view, baseUrl, { action: 'revoke-session', target: session.uid, label: 'End', of: `the session of ${session.username}` })}`;
}

function connectionRow(view: AccountView, baseUrl: string, account: Account): Html {
  const { key, provider, state, profile } = account;
  const own = key === view.account.key;
  const who = profile.username ?? profile.userId;
  const connect =
    own &&
    state !== 'connected' &&
    html`<p>
      <a class="button" href="${baseUrl}/oauth/sign-in/${encodeURIComponent(provider)}">Connect</a>
    </p>`;
  const disconnect =
    account.tokens !== undefined &&
    button(view, baseUrl, {
      action: 'disconnect',
      target: key,
      label: 'Disconnect',
      of: `${who} at ${provider}`,
    });
  return html`<dl>
      <dt>Provider</dt>
      <dd>${provider}</dd>
      <dt>As</dt>
      <dd>${who}</dd>
      <dt>Status</dt>
      <dd>${states[state]}</dd>
    </dl>
    ${connect} ${disconnect}
    ${view.admin && !own && button(view, baseUrl, { action: 'revoke-everything', target: key, label: 'Revoke everything', of: who })}`;
}

/** Links to the pages of newer and of older entries, where there are any. */
function pageLinks({ page, more }: AccountView, baseUrl: string): Html | false {
  if (page === 1 && !more) return false;
  const link = (to: number, rel: string, label: string): Html =>
    html`<a class="button" rel="${rel}" href="${baseUrl}/oauth?page=${to}">${label}</a>`;
  return html`<nav class="buttons" aria-label="Pages">
    ${page > 1 && link(page - 1, 'prev', 'Newer entries')} ${more && link(page + 1, 'next', 'Older entries')}
  </nav>`;
}

/** The account page: what applications may do, where somebody is signed in, and the connections to providers. */
export function accountPage(view: AccountView, baseUrl: string): string {
  const { username, userId } = view.account.profile;
  const everyone =
    view.admin && html`<p class="note">You administer this server: everybody's entries are listed.</p>`;
  const body = html`<p>
      You are signed in as <strong>${username ?? userId}</strong> (${view.account.provider}).
    </p>
    ${everyone}
    <div class="buttons">
      ${button(view, baseUrl, { action: 'sign-out', label: 'Sign out' })}
      ${button(view, baseUrl, { action: 'revoke-everything', target: view.account.key, label: 'Sign out everywhere', of: 'ends all grants and sessions' })}
    </div>
    ${rows(
      'Applications',
      view.grants.map((grant) => grantRow(view, baseUrl, grant)),
      'No application is connected.',
    )}
    ${rows(
      'Sessions',
      view.sessions.map((session) => sessionRow(view, baseUrl, session)),
      'Nobody is signed in.',
    )}
    ${rows(
      'Connections',
      view.connections.map((account) => connectionRow(view, baseUrl, account)),
      'No provider is connected.',
    )}
    ${pageLinks(view, baseUrl)}`;
  return renderPage({ baseUrl, title: 'Your account', body });
}
