import { SignInFailedError } from '../../errors.js';
import type { ClaimSettings } from '../../model/auth-settings.js';
import type { Json, JsonObject } from '../../model/json.js';
import { mapClaims } from '../claims.js';
import type { Profile } from './provider.js';

/** Longest subject that OpenID Connect allows. */
const maxSubject = 255;

/** What a provider says of a person, before the operator's settings. */
export interface Facts {
  readonly subject: string | undefined;
  /** Absent: the subject. */
  readonly userId?: string | undefined;
  readonly username: string | undefined;
  readonly email: string | undefined;
  /** Anything but true (as a word, too, which some providers send): there is no address. */
  readonly emailVerified: Json | undefined;
  readonly name: string | undefined;
  /** Instead of the claim `groups`, where the operator names none. */
  readonly groups?: readonly string[] | undefined;
  readonly roles?: readonly string[] | undefined;
  readonly claims: JsonObject;
  /** Claims of signed tokens: `role_claim` and `permissions_claim` read only these (spec page 06). */
  readonly verifiedClaims: JsonObject;
}

/** Facts as a profile, with the operator's claim settings. Throws `AUTH_SIGN_IN_FAILED` where nobody is named. */
export function toProfile(facts: Facts, settings: ClaimSettings): Profile {
  const { subject, claims, verifiedClaims, email, emailVerified } = facts;
  if (subject === undefined || subject.length > maxSubject)
    throw new SignInFailedError('The identity provider does not say who signed in');
  const { groupsClaim, claimMappings, roleClaim, permissionsClaim } = settings;
  const ofAll = mapClaims(claims, { claimMappings, ...(groupsClaim !== undefined && { groupsClaim }) });
  const ofVerified = mapClaims(verifiedClaims, {
    claimMappings: [],
    ...(roleClaim !== undefined && { roleClaim }),
    ...(permissionsClaim !== undefined && { permissionsClaim }),
  });
  const { role, roles = facts.roles, permissions } = ofVerified;
  const groups = groupsClaim === undefined ? (facts.groups ?? ofAll.groups) : ofAll.groups;
  return {
    subject,
    userId: facts.userId ?? subject,
    username: facts.username ?? null,
    email: emailVerified === true || emailVerified === 'true' ? (email ?? null) : null,
    name: facts.name ?? null,
    claims,
    ...(role !== undefined && { role }),
    ...(roles !== undefined && { roles }),
    ...(permissions !== undefined && { permissions }),
    ...(groups !== undefined && { groups }),
    ...(ofAll.capabilities !== undefined && { capabilities: ofAll.capabilities }),
  };
}
