/** The part of `@1password/sdk` that is used here. */
export interface OnePasswordSdk {
  createClient(configuration: {
    auth: string;
    integrationName: string;
    integrationVersion: string;
  }): Promise<{
    readonly secrets: { resolve(reference: string): Promise<string> };
  }>;
}

const packageName = '@1password/sdk';

/** Loads the optional package: only sites that use `op://` need it. */
async function loadSdk(): Promise<OnePasswordSdk> {
  try {
    return (await import(packageName)) as OnePasswordSdk;
  } catch (error) {
    throw new Error(
      `the package ${packageName} is not installed; install it with: npm install ${packageName}`,
      { cause: error },
    );
  }
}

/**
 * A resolver of `op://vault/item/field[?attribute=otp]` with a service account's token. Its errors name neither value nor token:
 * the SDK's own words are kept as `cause` only.
 */
export async function openOnePassword(
  token: string,
  load: () => Promise<OnePasswordSdk> = loadSdk,
): Promise<(reference: string) => Promise<string>> {
  const sdk = await load();
  const configuration = { auth: token, integrationName: 'mxcp', integrationVersion: '1' };
  const client = await sdk.createClient(configuration).catch((error: unknown) => {
    throw new Error('1Password refused the service account token', { cause: error });
  });
  return async (reference) => {
    try {
      return await client.secrets.resolve(reference);
    } catch (error) {
      throw new Error(
        '1Password does not give this field: check vault, item and field, and what the token may read',
        { cause: error },
      );
    }
  };
}
