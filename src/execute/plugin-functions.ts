import {
  BIGINT,
  BOOLEAN,
  DOUBLE,
  DuckDBScalarFunction,
  INTEGER,
  VARCHAR,
  type DuckDBConnection,
  type DuckDBDataChunk,
  type DuckDBType,
} from '@duckdb/node-api';
import type { PluginFunction } from '../model/plugin-function.js';
import type { UdfType, UdfValue } from '../model/udf.js';
import { allowedFunctions } from './allowed-functions.js';
import { PluginFunctionError } from './plugin-function-error.js';

const duckdbTypes: Readonly<Record<UdfType, DuckDBType>> = { VARCHAR, BIGINT, INTEGER, DOUBLE, BOOLEAN };

/** A function that cannot be defined, and why. */
export interface RefusedFunction {
  readonly refused: PluginFunction;
  readonly reason: string;
}

/** Functions that one site gave to an instance. */
export interface DefinedFunctions {
  readonly refused: readonly RefusedFunction[];
  /** Takes them away again: SQL that names them fails from here on, or uses those of the site that is still there. */
  readonly remove: () => void;
}

/** What is behind one function of the catalogue: the last site that gave it answers. */
interface Entry {
  readonly returns: UdfType;
  readonly givers: PluginFunction[];
}

/**
 * The functions of plugins in an instance. DuckDB keeps a function until the instance closes, and the sites before and
 * after a reload share the instance: so the catalogue has a function once, and this registry says who answers.
 */
export class PluginFunctions {
  private readonly entries = new Map<string, Entry>();
  private readonly names = new Set<string>();

  /** Defines functions for every connection of the instance. */
  async define(
    connection: DuckDBConnection,
    functions: readonly PluginFunction[],
  ): Promise<DefinedFunctions> {
    const taken = await functionNames(connection);
    const refused: RefusedFunction[] = [];
    const given: (readonly [Entry, PluginFunction])[] = [];
    for (const each of functions) {
      const reason = this.reasonAgainst(each, taken);
      if (reason === undefined) given.push([this.give(connection, each), each]);
      else refused.push({ refused: each, reason });
    }
    const remove = (): void => {
      for (const [{ givers }, each] of given) {
        const place = givers.indexOf(each);
        if (place !== -1) givers.splice(place, 1);
      }
    };
    return { refused, remove };
  }

  private reasonAgainst(
    { name, args, returns }: PluginFunction,
    taken: ReadonlySet<string>,
  ): string | undefined {
    // What free-form SQL may call must stay what it is, also when this DuckDB does not have it.
    if (!this.names.has(name) && (taken.has(name) || allowedFunctions.has(name)))
      return 'DuckDB or the site has a function of this name';
    const before = this.entries.get(keyOf(name, args));
    if (before && before.returns !== returns)
      return 'it gives another type than before; start the server again';
    return undefined;
  }

  private give(connection: DuckDBConnection, given: PluginFunction): Entry {
    const key = keyOf(given.name, given.args);
    const known = this.entries.get(key);
    const entry = known ?? { returns: given.returns, givers: [] };
    entry.givers.push(given);
    if (known) return known;
    register(connection, given, () => entry.givers.at(-1));
    this.entries.set(key, entry);
    this.names.add(given.name);
    return entry;
  }
}

function keyOf(name: string, args: readonly UdfType[]): string {
  return `${name}(${args.join()})`;
}

async function functionNames(connection: DuckDBConnection): Promise<ReadonlySet<string>> {
  const reader = await connection.runAndReadAll(
    'SELECT DISTINCT lower(function_name) FROM duckdb_functions()',
  );
  return new Set(reader.getRows().map(([name]) => String(name)));
}

function register(
  connection: DuckDBConnection,
  { name, args, returns }: PluginFunction,
  giver: () => PluginFunction | undefined,
): void {
  const present = (): PluginFunction => {
    const found = giver();
    if (found === undefined) throw new PluginFunctionError(name, 'gone');
    return found;
  };
  connection.registerScalarFunction(
    DuckDBScalarFunction.create({
      name,
      returnType: duckdbTypes[returns],
      parameterTypes: args.map((type) => duckdbTypes[type]),
      bindFunction: () => void present(),
      mainFunction: (_, input, output) => {
        const rows = readRows(input, args);
        const whole = rows.filter((row) => !row.includes(null));
        const values = whole.length === 0 ? [] : present().run(whole);
        let next = 0;
        for (const [index, row] of rows.entries())
          output.setItem(index, row.includes(null) ? null : (values[next++] ?? null));
        output.flush();
      },
    }),
  );
}

function readRows(input: DuckDBDataChunk, args: readonly UdfType[]): readonly (readonly UdfValue[])[] {
  const columns = args.map((_, index) => input.getColumnVector(index));
  return Array.from({ length: input.rowCount }, (_, row) =>
    columns.map((column) => readItem(column.getItem(row))),
  );
}

function readItem(item: unknown): UdfValue {
  switch (typeof item) {
    case 'string':
    case 'number':
    case 'bigint':
    case 'boolean':
      return item;
    default:
      return null;
  }
}
