import type { StandIn } from './stand-in.js';

async function submit(standIn: StandIn, form: URLSearchParams): Promise<URL> {
  const answer = await fetch(`${standIn.url}/stand-in/login`, {
    method: 'POST',
    body: form,
    redirect: 'manual',
  });
  const location = answer.headers.get('location');
  if (answer.status !== 302 || location === null) throw new Error(`Sign-in answered ${answer.status}`);
  return new URL(location);
}

async function open(authorizeUrl: string): Promise<URLSearchParams> {
  const page = await fetch(authorizeUrl, { redirect: 'manual' });
  const text = await page.text();
  if (page.status !== 200) throw new Error(`The authorization request was refused: ${text}`);
  const form = new URLSearchParams();
  for (const [, name = '', value = ''] of text.matchAll(/type="hidden" name="([^"]*)" value="([^"]*)"/g))
    form.append(unescape(name), unescape(value));
  return form;
}

function unescape(text: string): string {
  return text.replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)));
}

/** What a person at a browser does on the stand-in's page: signs in. Gives the redirect back, not followed. */
export async function signIn(standIn: StandIn, authorizeUrl: string, username: string): Promise<URL> {
  const form = await open(authorizeUrl);
  form.set('username', username);
  form.set('password', standIn.users.get(username)?.password ?? '');
  form.set('action', 'sign-in');
  return submit(standIn, form);
}

/** The same, but the person cancels. */
export async function cancelSignIn(standIn: StandIn, authorizeUrl: string): Promise<URL> {
  const form = await open(authorizeUrl);
  form.set('action', 'cancel');
  return submit(standIn, form);
}
