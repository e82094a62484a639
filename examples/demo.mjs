// The demo behind `npm start`: one question, three people, one denial, and what the audit log has of it; then the server.
// Everything goes through the real command line. Arguments are handed on: npm start -- --as keiko --port 9000
import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const launcher = fileURLToPath(new URL('../dist/launch.cjs', import.meta.url));
const site = fileURLToPath(new URL('site', import.meta.url));
const bold = (text) => (process.stdout.isTTY && !process.env.NO_COLOR ? `\u001b[1m${text}\u001b[22m` : text);
const say = (...lines) => console.log(lines.join('\n'));

/** Runs a command to its end; the demo stops with the command's own words when it could not run at all. */
function mxcp(...args) {
  const run = spawnSync(process.execPath, [launcher, ...args, '--site', site], { encoding: 'utf8' });
  if (run.status === 0 || run.status === 1) return run;
  process.stderr.write(run.stderr || run.stdout);
  process.exit(run.status ?? 1);
}

function ask(who, endpoint, parameters) {
  const flags = Object.entries(parameters).flatMap(([name, value]) => ['-p', `${name}=${value}`]);
  return JSON.parse(mxcp('run', 'tool', endpoint, ...flags, '--as', who, '--json').stdout);
}

function show(who, role, { result }) {
  say(`  ${bold(who.padEnd(7))} ${role.padEnd(20)} salary ${String(result.salary).padEnd(8)} ssn ${result.ssn ?? '-'}`);
}

say('', 'Tremola makes seismometers. Three people ask the same question, "What do we know about Sam Okafor?"', '');
say('  $ mxcp run tool employee -p employee_id=7 --as NAME', '');
const start = new Date().toISOString();
show('priya', 'head of people', ask('priya', 'employee', { employee_id: 7 }));
show('keiko', "Sam's manager", ask('keiko', 'employee', { employee_id: 7 }));
show('ines', 'a colleague', ask('ines', 'employee', { employee_id: 7 }));

const denied = ask('daniel', 'add_order_note', { order_id: 1004, note: 'Call them' });
say('', '  Daniel supports customers in Asia. He writes a note on an order from Istanbul:', '');
say(`  ${bold('daniel')}  ${denied.error}`);

say('', 'What the audit log has of it:', '', '  $ mxcp log', '');
say(mxcp('log', '--since', start, '--asc').stdout.trimEnd().replaceAll(/^/gm, '  '), '');

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
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stop(signal === 'SIGHUP' ? 'SIGTERM' : signal));
server.on('exit', (code) => process.exit(code ?? 1));
