/** Version of the tables below; grows with each migration. */
export const SCHEMA_VERSION = 1;

const MONTH = (column: string): string => `PARTITION BY toYYYYMM(fromUnixTimestamp64Micro(${column}))`;

/**
 * Statements that bring an empty database to each version, in order. Every table replaces rows of equal identity, so that what is written again after a
 * crash does not double; every row has the time it holds for and the time it was known. Of features and bars each version that was ever known stays, so that the past can
 * be read as it looked then.
 */
export const MIGRATIONS: readonly (readonly string[])[] = [
  [
    `CREATE TABLE IF NOT EXISTS ticks (
      source LowCardinality(String), symbol LowCardinality(String), sequence Int64,
      kind LowCardinality(String), event_time_us Int64, receive_time_us Int64,
      price Nullable(Float64), size Nullable(Float64), side LowCardinality(String),
      bid_price Nullable(Float64), bid_size Nullable(Float64), ask_price Nullable(Float64), ask_size Nullable(Float64),
      start_time_us Nullable(Int64), open Nullable(Float64), high Nullable(Float64), low Nullable(Float64),
      close Nullable(Float64), volume Nullable(Float64),
      first_update_id Nullable(Int64), last_update_id Nullable(Int64), previous_update_id Nullable(Int64),
      bids Array(Float64), asks Array(Float64)
    ) ENGINE = ReplacingMergeTree ${MONTH('event_time_us')} ORDER BY (source, symbol, sequence)`,
    `CREATE TABLE IF NOT EXISTS bars (
      symbol LowCardinality(String), bar LowCardinality(String), start_time_us Int64, end_time_us Int64, known_time_us Int64,
      open Float64, high Float64, low Float64, close Float64, volume Float64,
      buy_volume Nullable(Float64), sell_volume Nullable(Float64), trade_count Int64, quote_count Int64,
      bid_price Nullable(Float64), bid_size Nullable(Float64), ask_price Nullable(Float64), ask_size Nullable(Float64)
    ) ENGINE = ReplacingMergeTree ${MONTH('end_time_us')} ORDER BY (bar, symbol, end_time_us, known_time_us)`,
    `CREATE TABLE IF NOT EXISTS features (
      feature_set LowCardinality(String), symbol LowCardinality(String), time_us Int64, known_time_us Int64,
      offset Int64, values Array(Nullable(Float64))
    ) ENGINE = ReplacingMergeTree ${MONTH('time_us')} ORDER BY (feature_set, symbol, time_us, known_time_us)`,
    `CREATE TABLE IF NOT EXISTS feature_sets (
      feature_set String, names Array(String)
    ) ENGINE = ReplacingMergeTree ORDER BY feature_set`,
    `CREATE TABLE IF NOT EXISTS predictions (
      model LowCardinality(String), version LowCardinality(String), model_digest LowCardinality(String),
      symbol LowCardinality(String), feature_time_us Int64, feature_offset Int64,
      recommendation LowCardinality(String), abstain_reason LowCardinality(String),
      probability_up Nullable(Float64), adjusted_probability Nullable(Float64), confidence Nullable(Float64),
      disagreement Nullable(Float64), risk_score Nullable(Float64), members Array(Float64),
      inputs_hash String, latency_us Float64, predicted_time_us Int64
    ) ENGINE = ReplacingMergeTree ${MONTH('feature_time_us')} ORDER BY (model_digest, symbol, feature_time_us, feature_offset)`,
    `CREATE TABLE IF NOT EXISTS quarantine (
      reason LowCardinality(String), message String, source LowCardinality(String), symbol LowCardinality(String),
      origin String, receive_time_us Int64, sequence Nullable(Int64), event_time_us Nullable(Int64), raw String
    ) ENGINE = ReplacingMergeTree ORDER BY (symbol, origin, reason)`,
  ],
];

/** Tables and the columns that identify a row, in order. */
export const TABLES = {
  ticks: ['source', 'symbol', 'sequence'],
  bars: ['bar', 'symbol', 'end_time_us', 'known_time_us'],
  features: ['feature_set', 'symbol', 'time_us', 'known_time_us'],
  predictions: ['model_digest', 'symbol', 'feature_time_us', 'feature_offset'],
  quarantine: ['symbol', 'origin', 'reason'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type TableName = keyof typeof TABLES;

/** Columns that depend on when a run took place, not on what it saw. */
export const WALL_CLOCK_COLUMNS: ReadonlySet<string> = new Set(['latency_us', 'predicted_time_us']);
