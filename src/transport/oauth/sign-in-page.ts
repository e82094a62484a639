import type { ProviderType } from '../../model/auth-settings.js';
import type { Farewell } from '../../auth/issuer/account-page.js';
import type { ClientFacts } from '../../auth/issuer/client-facts.js';
import type { SignInChoice } from '../../auth/issuer/issuer.js';
import { html, type Html } from './html.js';
import { renderPage } from './page.js';

const titles: Readonly<Record<ProviderType, string>> = {
  github: 'GitHub',
  google: 'Google',
  keycloak: 'Keycloak',
  atlassian: 'Atlassian',
  salesforce: 'Salesforce',
  oidc: '',
  workos: 'WorkOS',
};

/** What people call a provider: its kind, and the operator's name where that says more. */
function titleOf({ name, type }: SignInChoice): string {
  const title = titles[type];
  if (title === '') return name;
  return name.toLowerCase() === title.toLowerCase() ? title : `${title} (${name})`;
}

type Choices = Pick<SignInPage, 'baseUrl' | 'choices'>;

/** What the sign-in page is made of. */
export interface SignInPage {
  readonly baseUrl: string;
  readonly choices: readonly SignInChoice[];
  /** Where the links lead; the provider's name follows. */
  readonly begin: string;
  /** Absent on the way to the account page. */
  readonly request?: { readonly client: ClientFacts; readonly action: string; readonly formToken: string };
}

function why({ request }: SignInPage): Html {
  if (request === undefined) return html`<p>Sign in to see what you let applications do on this server.</p>`;
  const { name, redirectHost } = request.client;
  return html`<p>
    <strong>${name}</strong> (${redirectHost}) wants to connect to this server as you. You are asked what it
    may do after signing in.
  </p>`;
}

function cancel({ request }: SignInPage): Html | undefined {
  return (
    request &&
    html`<form method="post" action="${request.action}">
      <input type="hidden" name="form_token" value="${request.formToken}" />
      <button name="decision" value="deny">Cancel</button>
    </form>`
  );
}

/** The page that offers every configured provider, as links, because a form's redirects would be bound by its policy. */
export function signInPage(page: SignInPage): string {
  const { baseUrl, choices, begin } = page;
  const links = choices.map(
    (choice) =>
      html`<li>
        <a class="button main" href="${begin}${encodeURIComponent(choice.name)}"
          >Sign in with ${titleOf(choice)}</a
        >
      </li>`,
  );
  const body = html`${why(page)}
    <ul>
      ${links}
    </ul>
    ${cancel(page)}`;
  return renderPage({ baseUrl, title: 'Sign in', body });
}

/** The page after a sign-out: the session at the provider goes on until it is ended there, too. */
export function signedOutPage({ baseUrl, choices }: Choices, { provider, href }: Farewell): string {
  const choice = choices.find(({ name }) => name === provider);
  const title = choice === undefined ? provider : titleOf(choice);
  const body = html`<p>
      Your session at ${title} goes on: as long as it lasts, whoever uses this browser can sign in with it.
    </p>
    <p class="buttons">
      <a class="button main" href="${href}">Sign out at ${title} too</a>
      <a class="button" href="${baseUrl}/oauth">Sign in again</a>
    </p>`;
  return renderPage({ baseUrl, title: 'You are signed out', body });
}
