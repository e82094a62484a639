/** The pages' style sheet: one file, no fonts or images, readable at any width, light and dark. */
export const styleSheet = `
:root { color-scheme: light dark; --text: #1a1c20; --soft: #50555e; --page: #f4f5f7; --card: #fff; --line: #c9cdd4;
  --strong: #1a4fa3; --on-strong: #fff; --danger: #9b1c1c; }
@media (prefers-color-scheme: dark) { :root { --text: #eceef1; --soft: #b3b8c1; --page: #14161a; --card: #1e2127;
  --line: #454b56; --strong: #8ab4f8; --on-strong: #10131a; --danger: #ff9a94; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font: 1rem/1.5 system-ui, sans-serif; }
main { max-width: 40rem; margin: 2rem auto; padding: 1.5rem; background: var(--card); border: 1px solid var(--line);
  border-radius: .5rem; overflow-wrap: anywhere; }
h1 { margin: 0 0 1rem; font-size: 1.5rem; line-height: 1.25; }
h2 { margin: 2rem 0 .5rem; font-size: 1.15rem; }
p, dl, ul, fieldset { margin: 0 0 1rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; }
dt { color: var(--soft); }
dd { margin: 0; font-weight: 600; }
ul { padding: 0; list-style: none; }
li { padding: .75rem 0; border-top: 1px solid var(--line); }
li dl { margin-bottom: .5rem; }
fieldset { border: 1px solid var(--line); border-radius: .5rem; padding: .5rem 1rem; }
legend { padding: 0 .25rem; font-weight: 600; }
label { display: flex; gap: .75rem; align-items: flex-start; padding: .5rem 0; }
input[type=checkbox] { flex: none; width: 1.25rem; height: 1.25rem; margin: .125rem 0 0; accent-color: var(--strong); }
.note { color: var(--soft); }
.buttons { display: flex; flex-wrap: wrap; gap: .75rem; }
button, .button { display: inline-block; min-height: 2.75rem; padding: .5rem 1.25rem; border: 2px solid var(--strong);
  border-radius: .375rem; background: transparent; color: var(--strong); font: inherit; font-weight: 600;
  text-align: center; text-decoration: none; cursor: pointer; }
button.main, .button.main { background: var(--strong); color: var(--on-strong); }
button.danger { border-color: var(--danger); color: var(--danger); }
a { color: var(--strong); }
:focus-visible { outline: 3px solid var(--strong); outline-offset: 2px; }
@media (max-width: 30rem) { main { margin: 0; border: 0; border-radius: 0; padding: 1rem; } dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: .5rem; } .buttons > * { flex: 1 1 100%; } }
`;
