import type { Project } from '../../model/project.js';
import { type Finding, verdict } from './finding.js';

function authentication({ auth }: Project): Finding {
  const item = { id: 'authentication', title: 'Authentication is on' };
  if (!auth.open && auth.allowAnonymous) {
    const detail = 'callers without a credential are let in beside those with one';
    return {
      ...item,
      status: 'fail',
      detail,
      fix: 'Remove auth.allow_anonymous, or restrict what anonymous sees',
    };
  }
  return verdict(item, !auth.open, {
    pass: 'every request needs a credential',
    fail: 'everybody who can connect may call, as anonymous',
    fix: 'Configure auth: a provider, a verifier or API keys (docs/providers)',
  });
}

function audience({ auth }: Project): Finding {
  const item = { id: 'token-validation', title: 'Tokens are checked for issuer and audience' };
  const loose = auth.verifiers.filter(({ audience: names }) => names.length === 0).map(({ name }) => name);
  const kinds = [
    ...(auth.issuer ? ['tokens of this server, bound to its address'] : []),
    ...auth.verifiers.map(({ name }) => `tokens of ${name}`),
    ...(auth.apiKeys ? ['API keys'] : []),
  ];
  return verdict(item, loose.length === 0, {
    pass: kinds.length === 0 ? 'no tokens are accepted' : kinds.join(', '),
    fail: `no audience is checked for ${loose.join(', ')}`,
    fix: 'Set `audience` of each verifier to the address of this server',
  });
}

function roles({ authorization }: Project): Finding {
  const names = (authorization.roles ?? []).map(({ name }) => name);
  return verdict({ id: 'roles', title: 'Roles are defined' }, names.length > 0, {
    pass: names.join(', '),
    fail: 'the site declares no roles, so everybody who signs in is `user`',
    fix: 'Declare authorization.roles and authorization.assign (docs/policies.md)',
  });
}

function limits({ rates }: Project): Finding {
  const tiers = { global: rates.global, per_user: rates.perUser, per_key: rates.perKey };
  const missing = Object.entries(tiers).flatMap(([name, rate]) => (rate === undefined ? [name] : []));
  return verdict(
    { id: 'rate-limits', title: 'Rates are limited: global, per user, per key' },
    missing.length === 0,
    {
      pass: Object.entries(tiers)
        .map(([name, rate]) => `${name} ${rate?.perMinute ?? 0}/min burst ${rate?.burst ?? 0}`)
        .join(', '),
      fail: `no limit for ${missing.join(', ')}`,
      fix: 'Set limits.rate, or remove what switched it off',
    },
  );
}

/** Who is let in, and how often: rows S4-127 to S4-130. */
export function identityChecks(project: Project): readonly Finding[] {
  return [authentication(project), audience(project), roles(project), limits(project)];
}
