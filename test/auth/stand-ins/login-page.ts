const escape = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

/** The page on which people say who they are: a form that a browser, a keyboard and `signIn` can use. */
export function loginPage(query: URLSearchParams, wrong?: string): string {
  const kept = [...query].filter(([name]) => !['username', 'password', 'action'].includes(name));
  const hidden = kept.map(
    ([name, value]) => `<input type="hidden" name="${escape(name)}" value="${escape(value)}">`,
  );
  return `<!doctype html>
<html lang="en">
<title>Sign in at the stand-in</title>
<main>
<h1>Sign in</h1>
${wrong === undefined ? '' : `<p role="alert">${escape(wrong)}</p>`}
<form method="post" action="/stand-in/login">
${hidden.join('\n')}
<label>User name <input name="username" autocomplete="username" required></label>
<label>Password <input name="password" type="password" autocomplete="current-password" required></label>
<button name="action" value="sign-in">Sign in</button>
<button name="action" value="cancel" formnovalidate>Cancel</button>
</form>
</main>
</html>`;
}
