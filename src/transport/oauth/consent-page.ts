import type { ClientFacts, ClientOrigin } from '../../auth/issuer/client-facts.js';
import type { InteractionView, OfferedScope } from '../../auth/issuer/interactions.js';
import { html, type Html } from './html.js';
import { renderPage } from './page.js';

/** The consent page's content. */
export type ConsentView = Extract<InteractionView, { kind: 'consent' }>;

const origins: Readonly<Record<ClientOrigin, string>> = {
  operator: 'It was registered by the operator of this server.',
  document: 'It describes itself at the address below.',
  itself: 'It registered itself: its name is its own claim. Judge it by where the answer goes.',
};

function target({ redirectKind, redirectHost }: ClientFacts): string {
  if (redirectKind === 'loopback') return `a program on this computer (${redirectHost})`;
  return redirectKind === 'app' ? `an application on this computer (${redirectHost})` : redirectHost;
}

function facts({ client, account }: ConsentView): Html {
  const { username, userId, email } = account.profile;
  const document =
    client.origin === 'document' &&
    html`<dt>Address</dt>
      <dd>${client.id}</dd>`;
  return html`<dl>
    <dt>Application</dt>
    <dd>${client.name}</dd>
    ${document}
    <dt>Answer goes to</dt>
    <dd>${target(client)}</dd>
    <dt>You are</dt>
    <dd>
      ${username ?? userId}${email === null || email === username ? '' : `, ${email}`} (${account.provider})
    </dd>
  </dl>`;
}

function choice({ scope, words }: OfferedScope): Html {
  return html`<label><input type="checkbox" name="scope" value="${scope}" checked />${words}</label>`;
}

function choices({ offered }: ConsentView): Html {
  if (offered.length === 0) return html`<p>It may connect, and use what needs no permission.</p>`;
  return html`<fieldset>
    <legend>It may connect, and</legend>
    ${offered.map(choice)}
  </fieldset>`;
}

function withheldNote({ withheld }: ConsentView): Html | undefined {
  if (withheld.length === 0) return undefined;
  const list = withheld.map(({ words }) => words.charAt(0).toLowerCase() + words.slice(1)).join('; ');
  return html`<p class="note">It also asked for what your roles do not allow: ${list}.</p>`;
}

function memory({ client }: ConsentView): Html | undefined {
  if (!client.proved) return undefined;
  return html`<label
    ><input type="checkbox" name="remember" value="yes" />Do not ask me again about this application</label
  >`;
}

/** The page that asks a person what a client may do. It works without scripts; every choice is a checkbox or a button. */
export function consentPage(view: ConsentView, baseUrl: string): string {
  const body = html`<p>${origins[view.client.origin]}</p>
    ${facts(view)}
    <form method="post" action="${baseUrl}/oauth/interaction/${view.uid}">
      <input type="hidden" name="form_token" value="${view.formToken}" />
      ${choices(view)} ${withheldNote(view)} ${memory(view)}
      <p class="buttons">
        <button class="main" name="decision" value="allow">Allow</button>
        <button name="decision" value="deny">Deny</button>
      </p>
    </form>
    <p class="note">You can take this back at <a href="${baseUrl}/oauth">your account</a>.</p>`;
  return renderPage({ baseUrl, title: `Let ${view.client.name} connect?`, body });
}
