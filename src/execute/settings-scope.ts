/**
 * Settings that a plain `SET` changes for its own connection only, lower-case. DuckDB does not tell a setting's scope, so
 * they were tried one by one; every other setting changes the whole instance.
 */
const sessionSettings = new Set([
  'timezone',
  'calendar',
  'search_path',
  'schema',
  'binary_as_string',
  'disable_timestamptz_casts',
  'errors_as_json',
  'ieee_floating_point_ops',
  'integer_division',
  'max_expression_depth',
  'nested_loop_join_threshold',
  'merge_join_threshold',
  'order_by_non_integer_literal',
  'perfect_ht_threshold',
  'pivot_filter_threshold',
  'pivot_limit',
  'preserve_identifier_case',
  'scalar_subquery_error_on_multiple_rows',
  'streaming_buffer_size',
]);

/** True for a setting (or `global <setting>`) whose SET every connection of the instance sees. */
export function isGlobalSetting(name: string): boolean {
  return !sessionSettings.has(name);
}

/** Pragmas that are no settings, and change the whole instance, or print to the output of the server. */
const globalPragmas = new Set([
  'add_parquet_key',
  'disable_checkpoint_on_shutdown',
  'enable_checkpoint_on_shutdown',
  'enable_print_progress_bar',
  'enable_profile',
  'enable_profiling',
  'enable_progress_bar',
  'force_checkpoint',
]);

/** True for a pragma, lower-case, whose effect every connection of the instance sees, or whoever reads what the server prints. */
export function isGlobalPragma(name: string): boolean {
  return globalPragmas.has(name);
}
