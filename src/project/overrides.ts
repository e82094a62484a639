/** Flags of the command line that change settings; the strongest source of each (spec pages 02 and 10). */
export interface Overrides {
  readonly transport?: 'streamable-http' | 'stdio' | undefined;
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly readonly?: boolean | undefined;
  readonly sqlTools?: boolean | undefined;
  readonly debug?: boolean | undefined;
  readonly logFormat?: 'json' | 'pretty' | undefined;
  readonly duckdbPath?: string | undefined;
  /** False: every way in is off. True: nobody comes in without a credential. */
  readonly auth?: boolean | undefined;
  /** Scopes are checked: as `tags_as_scopes: true`. */
  readonly scopeValidation?: boolean | undefined;
  readonly corsOrigins?: readonly string[] | undefined;
  readonly hsts?: boolean | undefined;
  readonly tokenEncryptionKey?: string | undefined;
  readonly tokenEncryptionKeyFile?: string | undefined;
  /** Minutes. */
  readonly rateLimitWindow?: number | undefined;
  readonly rateLimitMax?: number | undefined;
}

/** Variables of the environment that this program reads, with the option that each stands for. */
export const environmentTwins: Readonly<Record<string, string>> = {
  MXCP_PROFILE: '--profile',
  MXCP_CONFIG: '--config',
  MXCP_SITE: '--site',
  MXCP_TRANSPORT: '--transport',
  MXCP_HOST: '--host',
  MXCP_PORT: '--port',
  MXCP_AS: '--as',
  MXCP_READONLY: '--readonly',
  MXCP_SQL_TOOLS: '--sql-tools',
  MXCP_IGNORE_ERRORS: '--ignore-errors',
  MXCP_STATELESS: '--stateless',
  MXCP_DEBUG: '--debug',
  MXCP_QUIET: '--quiet',
  MXCP_DUCKDB_PATH: 'profiles.<name>.duckdb.path',
  MXCP_AUDIT_ENABLED: 'profiles.<name>.audit.enabled',
  MXCP_BASE_URL: 'transport.http.base_url',
  MXCP_PATH: 'transport.http.path',
  MXCP_TRUST_PROXY: 'transport.http.trust_proxy',
  MXCP_ALLOWED_HOSTS: 'transport.http.allowed_hosts',
  MXCP_ALLOWED_ORIGINS: 'transport.http.allowed_origins',
  MXCP_SHUTDOWN_GRACE: 'transport.shutdown_grace',
  MXCP_ALLOW_ANONYMOUS: 'auth.allow_anonymous',
  MXCP_ENABLE_AUTH: '--enable-auth',
  MXCP_NO_AUTH: '--no-auth',
  MXCP_ENABLE_SCOPE_VALIDATION: '--enable-scope-validation',
  MXCP_CORS_ORIGINS: '--cors-origins',
  MXCP_ENABLE_HSTS: '--enable-hsts',
  MXCP_TOKEN_ENCRYPTION_KEY: '--token-encryption-key',
  MXCP_TOKEN_ENCRYPTION_KEY_FILE: '--token-encryption-key-file',
  MXCP_RATE_LIMIT_WINDOW: '--rate-limit-window',
  MXCP_RATE_LIMIT_MAX: '--rate-limit-max',
  MXCP_LOG_LEVEL: 'logging.level',
  MXCP_LOG_FORMAT: 'logging.format',
  MXCP_SECRET_KEY: 'secret_key',
  MXCP_DISABLE_ANALYTICS: 'nothing: no analytics leave this program',
};

/** Variables that ask for protection that is not available yet: an author who sets one must not believe to have it. */
export const unavailableVariables: readonly string[] = ['MXCP_ADMIN_ENABLED'];
