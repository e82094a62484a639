import { html, type Html } from './html.js';

/** Everything about a page but its content. */
export interface Page {
  readonly title: string;
  readonly body: Html;
  /** Public address of this server. */
  readonly baseUrl: string;
}

/** A whole HTML document. */
export function renderPage({ title, body, baseUrl }: Page): string {
  const style = `${baseUrl}/oauth/style.css`;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        <link rel="stylesheet" href="${style}" />
      </head>
      <body>
        <main>
          <h1>${title}</h1>
          ${body}
        </main>
      </body>
    </html>`.html;
}

/**
 * Headers of a page: no scripts, nothing from elsewhere, no frames. `target`: where a form's answer is sent on to. Browsers
 * apply `form-action` to every redirect after the form, and a client's page may send the browser on to any page of its own.
 */
export function pageHeaders(target?: string): Record<string, string> {
  const forms = target === undefined ? "'self'" : `'self' https: ${target}`;
  return {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': `default-src 'none'; style-src 'self'; form-action ${forms}; base-uri 'none'; frame-ancestors 'none'`,
    'x-robots-tag': 'noindex, nofollow',
  };
}

/** A page that says one thing, and where to go from there. */
export function messagePage(
  baseUrl: string,
  title: string,
  text: string,
  next?: { readonly href: string; readonly label: string },
): string {
  const link = next && html`<p><a class="button" href="${next.href}">${next.label}</a></p>`;
  return renderPage({
    baseUrl,
    title,
    body: html`<p>${text}</p>
      ${link}`,
  });
}
