import { didYouMean } from '../lib/did-you-mean.js';
import { isScopeTag, tagOfScope, wrongScope } from '../lib/scope-syntax.js';
import type { Problem } from '../errors.js';
import type { AuthSettings, ScopeSettings } from '../model/auth-settings.js';
import type { EndpointFile } from './endpoint-file.js';
import {
  at,
  entriesOf,
  itemsOf,
  keyOrigin,
  namedWordsOf,
  originOf,
  stringOf,
  wordsOf,
  type Field,
} from './field.js';
import { mergeFields } from './merge-fields.js';
import { problem, problemOf, problemOfKey, suggestion } from './problems.js';
import { flagKind, mapsOf } from './setting-reader.js';
import type { SettingsContext } from './settings-context.js';

/** What scopes are read from and checked against. */
export interface ScopeInput {
  readonly context: SettingsContext;
  readonly auth: AuthSettings;
  readonly files: readonly EndpointFile[];
  /** True when the built-in SQL tools are served. */
  readonly sqlTools: boolean;
}

/** A tag of an endpoint, where it stands. */
interface TagPlace {
  readonly tag: string;
  readonly field: Field;
}

/** The scope that this server gives everybody who connects. */
const connectScope = 'mcp';

/**
 * The scopes of `authorization`, with every scope that the site or its users' settings name checked: its grammar, that its tag
 * exists, and that there is a way to hold it (spec page 06, "Tags and scopes").
 */
export function readScopes(input: ScopeInput): ScopeSettings {
  const { context, auth } = input;
  const { reader, site, userProfile, profile } = context;
  const field = at(site, 'authorization');
  const authField = mergeFields(at(userProfile, 'auth'), at(profile, 'auth'));
  const tags = endpointTags(input);
  const explicit = reader.optional('authorization.tags_as_scopes', {
    kind: flagKind,
    flag: context.overrides.scopeValidation,
    variable: 'MXCP_ENABLE_SCOPE_VALIDATION',
    site: at(field, 'tags_as_scopes'),
  });
  const scopedTags = readScopedTags(field, explicit === true);
  const isScoped = (tag: string): boolean => scopedTags === 'all' || scopedTags.includes(tag);
  const tagsAsScopes = explicit ?? (!auth.open && tags.some(({ tag }) => isScoped(tag)));
  const required = [at(field, 'required_scopes'), at(authField, 'authorization', 'required_scopes')];
  const anonymous = at(field, 'anonymous_scopes');
  const settings = {
    tagsAsScopes,
    scopedTags,
    defaultScopes: wordsOf(at(field, 'default_scopes')),
    requiredScopes: [...new Set(required.flatMap((each) => wordsOf(each)))],
    ...(anonymous !== undefined && { anonymousScopes: wordsOf(anonymous) }),
  };
  reader.problems.push(
    ...checkTags(field, tags, tagsAsScopes ? isScoped : () => false),
    ...checkScopes(input, field, authField, tags, settings.requiredScopes),
    ...checkHolders(input, field, settings),
  );
  note(context, field, settings, explicit === undefined);
  return settings;
}

function note(
  { reader }: SettingsContext,
  field: Field | undefined,
  { tagsAsScopes, scopedTags, ...lists }: ScopeSettings,
  derived: boolean,
): void {
  if (derived) reader.note('authorization.tags_as_scopes', tagsAsScopes, 'default');
  const from = (key: string): string => (at(field, key) === undefined ? 'default' : 'site');
  reader.note('authorization.scoped_tags', scopedTags, from('scoped_tags'));
  reader.note('authorization.default_scopes', lists.defaultScopes, from('default_scopes'));
  reader.note('authorization.required_scopes', lists.requiredScopes, from('required_scopes'));
  if (lists.anonymousScopes !== undefined)
    reader.note('authorization.anonymous_scopes', lists.anonymousScopes, 'site');
}

/** Whoever asks for tags as scopes and lists none means all of them. */
function readScopedTags(field: Field | undefined, asked: boolean): ScopeSettings['scopedTags'] {
  const scoped = at(field, 'scoped_tags');
  if (scoped === undefined) return asked ? 'all' : [];
  return stringOf(scoped) === 'all' ? 'all' : wordsOf(scoped);
}

function endpointTags({ context, files, sqlTools }: ScopeInput): readonly TagPlace[] {
  const builtin = sqlTools
    ? entriesOf(at(context.site, 'sql_tools')).map(([, tool]) => at(tool, 'tags'))
    : [];
  const fields = [...files.flatMap(({ tags }) => tags), ...builtin.flatMap((each) => itemsOf(each))];
  return fields.flatMap((field) => {
    const tag = stringOf(field);
    return tag === undefined ? [] : [{ tag, field }];
  });
}

function checkTags(
  field: Field | undefined,
  tags: readonly TagPlace[],
  isScoped: (tag: string) => boolean,
): readonly Problem[] {
  const known = new Set(tags.map(({ tag }) => tag));
  const scoped = at(field, 'scoped_tags');
  const listed = stringOf(scoped) === 'all' ? [] : namedWordsOf(scoped);
  const unknown = listed.flatMap(({ word, field: item }) => {
    if (known.has(word)) return [];
    const message = `No endpoint has the tag "${word}", so this protects nothing`;
    return [problemOf(item, { rule: 'unknown-tag', message, remedy: suggestion(didYouMean(word, known)) })];
  });
  const unfit = tags.filter(({ tag }) => isScoped(tag) && !isScopeTag(tag));
  return [
    ...unknown,
    ...unfit.map((each) =>
      problemOf(each.field, {
        rule: 'wrong-scope',
        message: `The tag "${each.tag.slice(0, 60)}" cannot be a scope`,
        remedy: "Tags that are scopes have letters, digits, '_' and '-', at most 50.",
      }),
    ),
  ];
}

interface Listed {
  readonly field: Field | undefined;
  /** True where a scope that nothing asks for is a slip. */
  readonly mustBeAsked: boolean;
}

function listedScopes({ context }: ScopeInput, field: Field | undefined, auth: Field | undefined): Listed[] {
  const asked = (each: Field | undefined): Listed => ({ field: each, mustBeAsked: true });
  const free = (each: Field | undefined): Listed => ({ field: each, mustBeAsked: false });
  return [
    ...entriesOf(at(field, 'roles')).map(([, role]) => asked(at(role, 'scopes'))),
    asked(at(field, 'default_scopes')),
    asked(at(field, 'anonymous_scopes')),
    free(at(field, 'required_scopes')),
    free(at(auth, 'authorization', 'required_scopes')),
    ...mapsOf(at(auth, 'clients')).map((client) => free(at(client, 'scopes'))),
    ...entriesOf(at(context.site, 'users')).map(([, persona]) => free(at(persona, 'scopes'))),
  ];
}

function checkScopes(
  input: ScopeInput,
  field: Field | undefined,
  auth: Field | undefined,
  tags: readonly TagPlace[],
  required: readonly string[],
): readonly Problem[] {
  const tagScopes = new Set(tags.map(({ tag }) => `tag:${tag}`));
  const asked = input.files.flatMap(({ endpoint }) => endpoint?.scopes ?? []);
  const free = required.filter((scope) => tagOfScope(scope) === undefined);
  const known = new Set([...tagScopes, ...asked, ...free, connectScope]);
  return listedScopes(input, field, auth).flatMap(({ field: list, mustBeAsked }) =>
    namedWordsOf(list).flatMap(({ word, field: item }) => checkScope(item, word, known, mustBeAsked)),
  );
}

function checkScope(
  field: Field,
  scope: string,
  known: ReadonlySet<string>,
  mustBeAsked: boolean,
): readonly Problem[] {
  const why = wrongScope(scope);
  if (why !== undefined) return [problemOf(field, { rule: 'wrong-scope', message: `This scope ${why}` })];
  const isTag = tagOfScope(scope) !== undefined;
  if (known.has(scope) || (!isTag && !mustBeAsked)) return [];
  const remedy = suggestion(didYouMean(scope, known));
  if (isTag)
    return [
      problemOf(field, { rule: 'unknown-tag', message: `No endpoint has the tag of "${scope}"`, remedy }),
    ];
  const message = `No endpoint asks for the scope "${scope}"`;
  return [problemOf(field, { severity: 'warning', rule: 'unknown-scope', message, remedy })];
}

/** Scopes that nobody can hold, because nothing asks for a credential and nothing says what anonymous callers hold. */
function checkHolders(
  { context, auth, files }: ScopeInput,
  field: Field | undefined,
  { tagsAsScopes, requiredScopes, anonymousScopes }: ScopeSettings,
): readonly Problem[] {
  if (!auth.open || anonymousScopes !== undefined) return [];
  const remedy =
    'Configure `auth`, or say with `authorization.anonymous_scopes` what anonymous callers hold.';
  if (tagsAsScopes) {
    const message = 'Tags are to be scopes, but no credential could bring one';
    const finding = { rule: 'scopes-without-credential', message, remedy };
    const place = at(field, 'tags_as_scopes');
    if (place !== undefined && context.overrides.scopeValidation === undefined)
      return [problemOfKey(place, finding)];
    return [problem({ file: '--enable-scope-validation', line: 1, column: 1 }, finding)];
  }
  const asking = files.find(({ endpoint }) => (endpoint?.scopes.length ?? 0) > 0);
  if (requiredScopes.length === 0 && asking === undefined) return [];
  const place = at(field, 'required_scopes');
  const named = asking?.named;
  const origin =
    place !== undefined ? keyOrigin(place) : named !== undefined ? originOf(named) : originOf(context.site);
  const message = 'Scopes are asked for, and not checked while nothing asks for a credential';
  return [problem(origin, { severity: 'warning', rule: 'scopes-without-credential', message, remedy })];
}
