import type { Problem } from '../errors.js';
import type { ResultColumn } from '../model/effects.js';
import type { BuiltinBody } from '../model/endpoint.js';
import type { Binder } from './bind-value.js';
import type { LeaseKind } from './pool.js';
import type { SqlSegment } from './lex-sql.js';

/** A parameter whose value becomes SQL text, a file name or a URL, and where (`query()`, `COPY`). */
export interface DynamicUse {
  readonly parameter: string;
  readonly reaches: string;
  /** Places the use in the author's text. */
  readonly problem: Pick<Problem, 'origin' | 'excerpt'>;
}

/** One statement of a body, as it runs. */
export interface BodyStatement {
  readonly sql: string;
  /** What follows can run only when all of DuckDB's statements in this text ran (PIVOT becomes several). */
  readonly several: boolean;
  /** What it may be, where a TypeScript body made it: nobody has seen it before it runs. */
  readonly unseen?: 'query' | 'any';
}

/** One as it is checked: with the words of its author, which take many times the memory of its text. */
export interface WrittenStatement extends BodyStatement {
  readonly segment: SqlSegment;
}

interface BodyBase {
  /** Columns of the last statement's result; undefined where DuckDB can tell them only with the arguments. */
  readonly columns: readonly ResultColumn[] | undefined;
  /** `write`: it can change a database or have another effect that lasts. */
  readonly effects: 'read' | 'write';
  /** False: COPY TO, EXPORT or a second database is used, so a rollback does not undo everything. */
  readonly transactional: boolean;
  /** All `$names` in the body. */
  readonly parameterNames: readonly string[];
  /** True when it uses functions of the caller (`get_username()` …), also through views and macros. */
  readonly usesCaller: boolean;
}

/** An SQL body that was checked against the database. */
export interface PreparedSql extends BodyBase {
  readonly kind: 'sql';
  /** `own`: on a connection of its own that is closed afterwards; `alone`: and while no other call runs (ATTACH). */
  readonly connection: LeaseKind;
  readonly statements: readonly BodyStatement[];
  readonly binders: ReadonlyMap<string, Binder>;
}

/** One of the server's own SQL tools. */
export interface PreparedBuiltin extends BodyBase {
  readonly kind: 'builtin';
  readonly tool: BuiltinBody['tool'];
}

/** A body that is ready to run. Opaque to other folders but for what `BodyBase` says. */
export type PreparedBody = PreparedSql | PreparedBuiltin;

/** The result of preparing: the body, or the located problems that keep it from running (then `body` is absent). */
export interface Preparation {
  readonly problems: readonly Problem[];
  readonly body?: PreparedBody;
  /** Also those of a body that does not prepare: a value that was made up to check it may be why. */
  readonly dynamicUses: readonly DynamicUse[];
}
