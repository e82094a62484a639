// The demo behind `npm start`: one question, three people, one denial, and what the audit log has of it; then the server.
// Everything goes through the real command line. Arguments are handed on: npm start -- --as keiko --port 9000
import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const launcher = fileURLToPath(new URL('../dist/launch.cjs', import.meta.url));
const site = fileURLToPath(new URL('site', import.meta.url));
const bold = (text) => (process.stdout.isTTY && !process.env.NO_COLOR ? `\u001b[1m${text}\u001b[22m` : text);
const say = (...lines) => console.log(lines.join('\n'));

/** Runs a command to its end; when it ends in another way than it should, so does the demo, with the command's words. */
function mxcp(wanted, ...args) {
  const run = spawnSync(process.execPath, [launcher, ...args, '--site', site], { encoding: 'utf8' });
  if (run.status === wanted) return run.stdout;
  process.stderr.write(run.stderr || run.stdout);
  process.exit(run.status || 1);
}

/** The JSON document that a call gives; `wanted` is the exit code: 0 for an answer, 1 for a denial. */
function ask(wanted, who, endpoint, parameters) {
  const flags = Object.entries(parameters).flatMap(([name, value]) => ['-p', `${name}=${value}`]);
  return JSON.parse(mxcp(wanted, 'run', 'tool', endpoint, ...flags, '--as', who, '--json'));
}

function show(who, role) {
  const { salary, ssn = '-' } = ask(0, who, 'employee', { employee_id: 7 }).result;
  say(`  ${bold(who.padEnd(7))} ${role.padEnd(20)} salary ${String(salary).padEnd(8)} ssn ${ssn}`);
}

say(
  '',
  'Tremola makes seismometers. Three people ask the same question: what do we know about Sam Okafor?',
  '',
);
say('  $ mxcp run tool employee -p employee_id=7 --as NAME', '');
const start = new Date().toISOString();
show('priya', 'head of people');
show('keiko', "Sam's manager");
show('ines', 'a colleague');

say('', 'Daniel supports customers in Asia. He writes a note on an order from Istanbul:', '');
say('  $ mxcp run tool add_order_note -p order_id=1004 -p note=Hello --as daniel', '');
const denied = ask(1, 'daniel', 'add_order_note', { order_id: 1004, note: 'Hello' });
say(`  ${bold('denied')}  ${denied.error}. Nothing was written.`);

const fields = 'timestamp,username,operation_name,policy_decision,policy_rule';
say('', 'What the audit log has of it:', '', `  $ mxcp log --asc --fields ${fields}`, '');
const log = mxcp(0, 'log', '--asc', '--fields', fields, '--since', start, '--type', 'tool');
say(log.trimEnd().replaceAll(/^/gm, '  '), '');

// The server has a process group of its own, so that Ctrl-C reaches it once: npm, the shell and this script get one each.
const server = spawn(process.execPath, [launcher, 'serve', '--site', site, ...process.argv.slice(2)], {
  stdio: ['ignore', 'inherit', 'inherit'],
  detached: true,
});
let stopping = false;
const stop = (signal) => {
  if (!stopping) server.kill(signal);
  stopping = true;
};
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.on(signal, () => stop(signal === 'SIGHUP' ? 'SIGTERM' : signal));
// npm hands SIGTERM to a shell that does not hand it on: the end of that shell is the sign.
const parent = process.ppid;
setInterval(() => {
  if (process.ppid !== parent) stop('SIGTERM');
}, 500).unref();
server.on('exit', (code) => process.exit(code ?? 1));
