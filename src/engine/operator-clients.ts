import { listClients, revokeClient, type ClientInfo } from '../auth/issuer/manage-clients.js';
import { UsageError } from '../errors.js';
import { guess } from './guess.js';
import { openOperatorStore, type OperatorOptions, type OperatorStore } from './operator-store.js';
import type { Project } from '../model/project.js';

/** What an operator does with the clients of the authorization server, beside any server that runs. */
export interface OperatorClients {
  list(): Promise<readonly ClientInfo[]>;
  /** Ends what everybody let it do, and puts that on record. Rejects with `USAGE_INVALID` when there is no such client. */
  revoke(id: string): Promise<ClientInfo>;
  close(): Promise<void>;
}

function clientsIn({ project, store, record, close }: OperatorStore): OperatorClients {
  const list = (): Promise<readonly ClientInfo[]> => listClients(store, project.auth.issuer?.clients ?? []);
  return {
    list,
    revoke: async (id) => {
      const all = await list();
      const client = all.find((one) => one.id === id);
      if (client === undefined) {
        const ids = all.map((one) => one.id);
        throw new UsageError(`There is no client ${id}${guess(id, ids)}`);
      }
      await revokeClient(store, id);
      const { name, origin, people } = client;
      await record({
        event: 'client-revoke',
        clientId: id,
        clientName: name,
        details: { client: id, origin, people },
      });
      return client;
    },
    close,
  };
}

/** Opens the store of a project and its audit log. Rejects as these do. */
export async function openOperatorClients(
  project: Project,
  options: OperatorOptions,
): Promise<OperatorClients> {
  return clientsIn(await openOperatorStore(project, options));
}
