import { execFile } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import type { Project } from '../../src/model/project.js';
import { loadProject } from '../../src/project/load.js';
import { secretFile, siteSecret } from '../../src/project/site-secret.js';
import { newFolder, newSite } from './site.js';

const run = promisify(execFile);
const mayGenerate = { mayGenerate: true };

async function project(env: Record<string, string> = {}): Promise<Project> {
  const folder = await newSite();
  return await loadProject({ cwd: folder, env: { HOME: join(folder, 'no-home'), ...env } });
}

/** The site-secret module as JavaScript that another process can run. */
async function compiled(): Promise<string> {
  const folder = await newFolder();
  const files = [
    'errors',
    'lib/did-you-mean',
    'lib/loopback',
    'lib/source-text',
    'project/site-secret',
    'project/expand',
    'project/field',
    'project/map-field',
  ];
  for (const file of [...files, 'project/problems', 'project/secret-text', 'project/site-paths']) {
    const source = readFileSync(new URL(`../../src/${file}.ts`, import.meta.url), 'utf8');
    const options = {
      module: ts.ModuleKind.ESNext,
      target: ts.ScriptTarget.ES2023,
      verbatimModuleSyntax: true,
    };
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(
      join(folder, `${file}.js`),
      ts.transpileModule(source, { compilerOptions: options }).outputText,
    );
  }
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  return join(folder, 'project/site-secret.js');
}

describe('the site secret', () => {
  it('is the configured one', async () => {
    const configured = await project({ MXCP_SECRET_KEY: 'sixteen-characters' });
    expect(siteSecret(configured, {}, { mayGenerate: false })).toBe('sixteen-characters');
    expect(siteSecret(await project(), { MXCP_SECRET_KEY: 'sixteen-characters' }, mayGenerate)).toBe(
      'sixteen-characters',
    );
  });

  it('has at least 16 characters', async () => {
    await expect(project({ MXCP_SECRET_KEY: 'fifteen-charact' })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
    const site = await project();
    expect(() => siteSecret(site, { MXCP_SECRET_KEY: 'short' }, mayGenerate)).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID' }) as Error,
    );
  });

  it('is generated once into the state folder, private, and found again', async () => {
    const site = await project();
    const env = { XDG_STATE_HOME: await newFolder() };
    const secret = siteSecret(site, env, mayGenerate);
    const file = secretFile('shop', env);
    expect(file).toBe(join(env.XDG_STATE_HOME, 'mxcp/shop/secret'));
    expect(Buffer.from(secret, 'base64url')).toHaveLength(32);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(dirname(file)).mode & 0o777).toBe(0o700);
    expect(readdirSync(dirname(file))).toEqual(['secret']);
    expect(siteSecret(site, env, { mayGenerate: false })).toBe(secret);
  });

  it('is not generated where it may not be', async () => {
    const env = { HOME: await newFolder() };
    const site = await project();
    expect(() => siteSecret(site, env, { mayGenerate: false })).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID' }) as Error,
    );
    expect(readdirSync(env.HOME)).toEqual([]);
  });

  it('is refused when others can read it, when it is a link, and when it is damaged', async () => {
    const site = await project();
    const refused = expect.objectContaining({ code: 'CONFIG_INVALID' }) as Error;
    const env = { XDG_STATE_HOME: await newFolder() };
    siteSecret(site, env, mayGenerate);
    const file = secretFile('shop', env);
    chmodSync(file, 0o640);
    expect(() => siteSecret(site, env, mayGenerate)).toThrow(refused);
    chmodSync(file, 0o600);
    writeFileSync(file, 'short');
    expect(() => siteSecret(site, env, mayGenerate)).toThrow(refused);
    const linked = { XDG_STATE_HOME: await newFolder() };
    mkdirSync(dirname(secretFile('shop', linked)), { recursive: true });
    symlinkSync(file, secretFile('shop', linked));
    expect(() => siteSecret(site, linked, mayGenerate)).toThrow(refused);
  });

  it('never stands in the folder of the audit log', async () => {
    const site = await project();
    const state = join(dirname(site.audit.path), 'state');
    expect(() => siteSecret(site, { XDG_STATE_HOME: state }, mayGenerate)).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID' }) as Error,
    );
  });

  it('of projects with strange names stays below the state folder, apart from each other', () => {
    const env = { XDG_STATE_HOME: '/state' };
    const names = ['..', '../../etc', 'a/b', 'a_b', 'ü', '.', 'x'.repeat(300)];
    const files = names.map((name) => secretFile(name, env));
    for (const file of files) expect(file).toMatch(/^\/state\/mxcp\/[\w-]+\/secret$/);
    expect(new Set(files).size).toBe(names.length);
  });

  it('is one and the same for processes that start together', async () => {
    const module = await compiled();
    const env = { XDG_STATE_HOME: await newFolder() };
    const site = {
      name: 'shop',
      audit: { path: '/nowhere/log.jsonl' },
      origin: { file: 'x', line: 1, column: 1 },
    };
    const script = `import(${JSON.stringify(module)}).then(({ siteSecret }) => process.stdout.write(siteSecret(${JSON.stringify(site)}, ${JSON.stringify(env)}, { mayGenerate: true })))`;
    const answers = await Promise.all(Array.from({ length: 6 }, () => run(process.execPath, ['-e', script])));
    expect(new Set(answers.map(({ stdout }) => stdout)).size).toBe(1);
    expect(answers[0]?.stdout).toHaveLength(43);
  });
});
