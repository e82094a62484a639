import { createHash, randomBytes } from 'node:crypto';
import type Library from 'oidc-provider';
import type { KoaContextWithOIDC } from 'oidc-provider';
import type { Store } from '../store/store.js';
import { collectionOf } from './collection.js';
import { endpoints } from './metadata.js';

type Cookies = KoaContextWithOIDC['cookies'];

/** Where cookies are sent. */
export interface CookiePlace {
  readonly path: string;
  readonly secure: boolean;
}

/**
 * Name of a cookie that no other host can set for this one: browsers take `__Host-` from the host itself only (RFC 6265bis,
 * 4.1.3.2). A neighbour that can set cookies for our domain could otherwise make a browser go on with what the neighbour began.
 * The plain name below a path, whose host is not ours alone, and over http, where anybody on the way sets what he likes.
 */
export function hostCookie(name: string, { path, secure }: CookiePlace): string {
  return secure && path === '/' ? `__Host-${name}` : name;
}

/** Authorization requests, each tied to the browser that sent it. */
export interface Browsers {
  /** Ties the request `uid` to this browser, which is known from now on. */
  bind(cookies: Cookies, uid: string): Promise<void>;
  /** True when this browser sent the request. */
  isOf(cookies: Cookies, uid: string): Promise<boolean>;
}

const kind = 'oauth:Browser';
const sha256 = (text: string): string => createHash('sha256').update(text).digest('base64url');

/** Browsers by a random cookie; `keepMs`: how long a request waits. */
export function createBrowsers(store: Store, place: CookiePlace, keepMs: number): Browsers {
  const bound = collectionOf<string>(store, kind);
  const name = hostCookie('mxcp_browser', place);
  const options = { ...place, httpOnly: true, sameSite: 'lax', signed: true, maxAge: keepMs } as const;
  const known = (cookies: Cookies): string | undefined => cookies.get(name, { signed: true });
  return {
    bind: async (cookies, uid) => {
      const browser = known(cookies) ?? randomBytes(32).toString('base64url');
      await bound.put(uid, sha256(browser), { expiresAt: Date.now() + keepMs });
      cookies.set(name, browser, options);
    },
    isOf: async (cookies, uid) => {
      const browser = known(cookies);
      return browser !== undefined && (await bound.get(uid)) === sha256(browser);
    },
  };
}

/**
 * Has the library go on with a request in the browser only that sent it. It goes by a cookie alone, which a neighbour of this
 * host could have set: whoever came with the neighbour's would be signed in as the neighbour. Any other browser counts as one
 * without cookies, which the library answers, and puts on record, as a request that has expired.
 */
export function resumeInOwnBrowser(library: Library, browsers: Browsers): void {
  const resumed = new RegExp(`^${endpoints.authorize}/([^/]+)$`);
  library.use(async ({ path, cookies, req }, next) => {
    const uid = resumed.exec(path)?.[1];
    if (uid !== undefined && !(await browsers.isOf(cookies, uid))) delete req.headers.cookie;
    await next();
  });
}
