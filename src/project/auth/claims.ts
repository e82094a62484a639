import { didYouMean } from '../../lib/did-you-mean.js';
import type { ClaimMapping, ClaimSettings } from '../../model/auth-settings.js';
import { at, entriesOf, itemsOf, stringOf, type Field } from '../field.js';
import { suggestion } from '../problems.js';
import { refuse, textAt, type AuthSection } from './auth-section.js';

const adminCapability = 'mxcp:admin';

/** How claims become fields of `user`: keys of one provider or verifier, else those of the whole section. */
export function readClaims(
  section: AuthSection,
  own: Field | undefined,
  catalogue: readonly string[] | undefined,
): ClaimSettings {
  const pick = (key: string): string | undefined => textAt(own, key) ?? textAt(section.field, key);
  const roleClaim = pick('role_claim');
  const permissionsClaim = pick('permissions_claim');
  const groupsClaim = pick('groups_claim');
  const mappings = at(own, 'claim_mappings') ?? at(section.field, 'claim_mappings');
  return {
    ...(roleClaim !== undefined && { roleClaim }),
    ...(permissionsClaim !== undefined && { permissionsClaim }),
    ...(groupsClaim !== undefined && { groupsClaim }),
    claimMappings: entriesOf(mappings).flatMap(([claim, values]) =>
      entriesOf(values).map(([value, given]) => readMapping(section, { claim, value, given, catalogue })),
    ),
  };
}

interface Mapping {
  readonly claim: string;
  readonly value: string;
  readonly given: Field;
  readonly catalogue: readonly string[] | undefined;
}

function readMapping(section: AuthSection, { claim, value, given, catalogue }: Mapping): ClaimMapping {
  const capabilities = itemsOf(given).flatMap((item) => {
    const name = stringOf(item);
    if (name === undefined) return [];
    if (name === '*') {
      refuse(section, item, {
        rule: 'wrong-value',
        message: 'A claim cannot give every capability',
        remedy: 'Name the capabilities, or give a role that has "*" with `authorization.assign`.',
      });
    } else if (catalogue?.includes(name) === false && name !== adminCapability) {
      refuse(section, item, {
        rule: 'unknown-capability',
        message: `The capability "${name}" is not in the catalogue`,
        remedy: suggestion(didYouMean(name, catalogue)),
      });
    }
    return [name];
  });
  return { claim, value, capabilities };
}
