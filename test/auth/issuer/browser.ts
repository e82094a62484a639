/** An answer, with its text read. */
export interface Seen {
  readonly url: URL;
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Where it redirects to. */
  readonly location: string | undefined;
}

interface Cookie {
  readonly value: string;
  readonly path: string;
}

/** What a browser does without scripts: cookies by path, links, forms, redirects one at a time. */
export class Browser {
  readonly #cookies = new Map<string, Cookie>();

  /** What it sends as `Cookie` there. */
  cookiesFor(url: URL): string {
    const sent = [...this.#cookies].filter(
      ([, { path }]) =>
        url.pathname === path || url.pathname.startsWith(path.endsWith('/') ? path : `${path}/`),
    );
    return sent.map(([key, { value }]) => `${key.split('|')[1] ?? ''}=${value}`).join('; ');
  }

  #keep(url: URL, headers: Headers): void {
    for (const line of headers.getSetCookie()) {
      const [pair = '', ...attributes] = line.split(/; ?/);
      const [name = '', value = ''] = pair.split('=');
      const path = attributes.find((text) => text.toLowerCase().startsWith('path='))?.slice(5) ?? '/';
      const key = `${url.host}|${name}|${path}`;
      if (value === '') this.#cookies.delete(key);
      else this.#cookies.set(key, { value, path });
    }
  }

  /** Names of the cookies that are kept now. */
  cookieNames(): string[] {
    return [...this.#cookies.keys()].map((key) => key.split('|')[1] ?? '');
  }

  /** Values of the cookies that are kept now. */
  cookieValues(): string[] {
    return [...this.#cookies.values()].map(({ value }) => value);
  }

  async request(target: string | URL, init: RequestInit = {}): Promise<Seen> {
    const url = new URL(target);
    const headers = new Headers({ accept: 'text/html', ...Object.fromEntries(new Headers(init.headers)) });
    const cookie = this.cookiesFor(url);
    if (cookie !== '') headers.set('cookie', cookie);
    const answer = await fetch(url, { ...init, headers, redirect: 'manual' });
    this.#keep(url, answer.headers);
    const place = answer.headers.get('location');
    const location = place === null ? undefined : new URL(place, url).href;
    return { url, status: answer.status, headers: answer.headers, text: await answer.text(), location };
  }

  /** Follows redirects as long as they stay on hosts that answer here, that is until `stop` says so. */
  async go(target: string | URL, stop: (url: URL) => boolean = () => false): Promise<Seen> {
    let seen = await this.request(target);
    for (let hops = 0; seen.location !== undefined && hops < 20; hops += 1) {
      if (stop(new URL(seen.location))) return seen;
      seen = await this.request(seen.location);
    }
    return seen;
  }

  /** Sends the form that has a button of this name and value, with `changes` to its fields. */
  async submit(page: Seen, button: string, value: string, changes: FormChanges = {}): Promise<Seen> {
    const form = [...page.text.matchAll(/<form method="post" action="([^"]*)">([\s\S]*?)<\/form>/g)].find(
      ([, , inside = '']) => new RegExp(`<button[^>]*name="${button}" value="${value}"`).test(inside),
    );
    if (form === undefined) throw new Error(`There is no button ${button}=${value} on ${page.url.href}`);
    const fields = new URLSearchParams();
    for (const [tag] of (form[2] ?? '').matchAll(/<input[^>]*>/g)) {
      const read = (name: string): string | undefined => new RegExp(`${name}="([^"]*)"`).exec(tag)?.[1];
      if (read('type') === 'checkbox' && !tag.includes('checked')) continue;
      fields.append(read('name') ?? '', unescape(read('value') ?? ''));
    }
    fields.append(button, value);
    for (const [name, replaced] of Object.entries(changes)) {
      fields.delete(name);
      for (const each of replaced) fields.append(name, each);
    }
    return this.request(unescape(form[1] ?? ''), { method: 'POST', body: fields });
  }
}

/** Field → the values that it is sent with instead. */
export type FormChanges = Readonly<Record<string, readonly string[]>>;

function unescape(text: string): string {
  const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };
  return text.replace(/&(amp|lt|gt|quot|#39);/g, (_all, name: string) => entities[name] ?? '');
}
