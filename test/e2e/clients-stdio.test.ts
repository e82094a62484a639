import { Client as ModernClient } from '@modelcontextprotocol/client';
import { StdioClientTransport as ModernTransport } from '@modelcontextprotocol/client/stdio';
import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as LegacyTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type AnyClient,
  exerciseLists,
  exercisePrompts,
  exerciseResources,
  exerciseTools,
} from './exercise-site.js';
import { as, everybody, type Person } from './people.js';
import { copySite, type Site, stdioServer } from './program.js';

async function connectModern(site: Site, person: Person): Promise<AnyClient> {
  const client = new ModernClient(
    { name: 'modern-acceptance', version: '2' },
    { versionNegotiation: { mode: { pin: '2026-07-28' } } },
  );
  await client.connect(new ModernTransport(stdioServer(site, as(person))));
  return client;
}

async function connectLegacy(site: Site, person: Person): Promise<AnyClient> {
  const client = new LegacyClient({ name: 'legacy-acceptance', version: '1' });
  await client.connect(new LegacyTransport(stdioServer(site, as(person))));
  return client;
}

const seats = everybody.flatMap(
  ([person]) =>
    [
      ['the v1 SDK at 2025-11-25', person, connectLegacy],
      ['the v2 SDK at 2026-07-28', person, connectModern],
    ] as const,
);

describe.each(seats)('over stdio with %s, %s', (_name, person, connect) => {
  let site: Site;
  let client: AnyClient;
  beforeAll(async () => {
    site = copySite('examples/site');
    client = await connect(site, person);
  });
  afterAll(() => site.remove());

  it('is offered what the site means this role to have', () => exerciseLists(client, person));
  it('calls every tool, and results fit the advertised schemas', () => exerciseTools(client, person));
  it('reads every resource, static and templated', () => exerciseResources(client, person));
  it('gets every prompt', () => exercisePrompts(client, person));

  it('ends its server by hanging up', async () => {
    await client.close();
    const events = (name: string) => site.records().filter((record) => record['operation_name'] === name);
    expect(events('start').length).toBeGreaterThan(0);
    expect(events('stop').length).toBe(events('start').length);
  });
});
