import type { Keycloak } from './start-keycloak.js';

/** What an administrator of the realm does (Keycloak Admin REST API). */
export interface RealmAdmin {
  /** Number of sessions that a person has. */
  readonly sessions: (username: string) => Promise<number>;
  /** Ends all sessions of a person. */
  readonly logout: (username: string) => Promise<void>;
}

async function answered(answer: Response): Promise<unknown> {
  if (!answer.ok) throw new Error(`Keycloak answered ${answer.status} at ${answer.url}`);
  return answer.status === 204 ? undefined : answer.json();
}

/** The administrator of a Keycloak that was started here. */
export function realmAdmin({ url, realm, adminPassword }: Keycloak): RealmAdmin {
  async function ask(path: string, method = 'GET'): Promise<unknown> {
    const fields = {
      grant_type: 'password',
      client_id: 'admin-cli',
      username: 'admin',
      password: adminPassword,
    };
    const token = `${url}/realms/master/protocol/openid-connect/token`;
    const given = await answered(await fetch(token, { method: 'POST', body: new URLSearchParams(fields) }));
    const { access_token: access } = given as { access_token: string };
    const headers = { authorization: `Bearer ${access}` };
    return answered(await fetch(`${url}/admin/realms/${realm}/${path}`, { method, headers }));
  }

  async function idOf(username: string): Promise<string> {
    const found = (await ask(`users?exact=true&username=${username}`)) as readonly { id: string }[];
    if (found[0] === undefined) throw new Error(`The realm has no ${username}`);
    return found[0].id;
  }

  return {
    sessions: async (username) =>
      ((await ask(`users/${await idOf(username)}/sessions`)) as readonly unknown[]).length,
    logout: async (username) => {
      await ask(`users/${await idOf(username)}/logout`, 'POST');
    },
  };
}
