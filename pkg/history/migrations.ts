import { COPIES, type TableName, TABLES } from './schema.ts';

const MONTH = (column: string): string => `PARTITION BY toYYYYMM(fromUnixTimestamp64Micro(${column}))`;

/** Inserts whose tokens a table remembers: hours of them, at some each second. */
const REMEMBERED_INSERTS = 10_000;
const MINUTE_US = 60_000_000;
/** Times after which the outcome of a prediction is looked at. */
const HORIZONS_US: readonly number[] = [5_000_000, 60_000_000];

/** Milliseconds of the clock, 0 for what is no time clock. */
const CLOCK_MS = `toUInt64OrZero(if(startsWith(bar, 'time:'), substring(bar, 6), ''))`;
/** Bars that lie within one minute: those of clocks that divide it. */
const WITHIN_MINUTE = `${CLOCK_MS} > 0 AND 60000 % greatest(${CLOCK_MS}, 1) = 0`;

const MINUTE_PARTS = `SELECT bar, symbol, intDiv(end_time_us - 1, ${MINUTE_US}) * ${MINUTE_US} AS minute_us,
    maxMap(map(end_time_us, (known_time_us, open, high, low, close, volume, trade_count))) AS parts,
    max(recorded_at) AS recorded_at
  FROM {db}.bars WHERE ${WITHIN_MINUTE} GROUP BY bar, symbol, minute_us`;

/** Each bar is the price then of the label that starts with it, and the price after of those that end with it. */
const OUTCOME_PRICES = `SELECT bar, symbol, time_us, horizon_us, maxIf(price, is_end = 0) AS price_then,
    maxIf(price, is_end = 1) AS price_after, max(recorded_at) AS recorded_at
  FROM (SELECT bar, symbol, recorded_at, arrayJoin([${HORIZONS_US.join(', ')}])::Int64 AS horizon_us, arrayJoin([0, 1]) AS is_end,
      end_time_us - is_end * horizon_us AS time_us, (known_time_us, close) AS price FROM {db}.bars)
  GROUP BY bar, symbol, time_us, horizon_us`;

/**
 * Statements that bring an empty database (`{db}`) to each version, in order. Every table replaces rows of equal identity, so that what is written again
 * after a crash does not double; every row has the time it holds for and the time it was known. Of features and bars each version that was ever known
 * stays, so that the past can be read as it looked then. Each statement may run twice, by processes that start together too.
 */
export const MIGRATIONS: readonly (readonly string[])[] = [
  [
    `CREATE TABLE IF NOT EXISTS {db}.ticks (
      source LowCardinality(String), symbol LowCardinality(String), sequence Int64,
      kind LowCardinality(String), event_time_us Int64, receive_time_us Int64,
      price Nullable(Float64), size Nullable(Float64), side LowCardinality(String),
      bid_price Nullable(Float64), bid_size Nullable(Float64), ask_price Nullable(Float64), ask_size Nullable(Float64),
      start_time_us Nullable(Int64), open Nullable(Float64), high Nullable(Float64), low Nullable(Float64),
      close Nullable(Float64), volume Nullable(Float64),
      first_update_id Nullable(Int64), last_update_id Nullable(Int64), previous_update_id Nullable(Int64),
      bids Array(Float64), asks Array(Float64)
    ) ENGINE = ReplacingMergeTree ${MONTH('event_time_us')} ORDER BY (source, symbol, sequence)`,
    `CREATE TABLE IF NOT EXISTS {db}.bars (
      symbol LowCardinality(String), bar LowCardinality(String), start_time_us Int64, end_time_us Int64, known_time_us Int64,
      open Float64, high Float64, low Float64, close Float64, volume Float64,
      buy_volume Nullable(Float64), sell_volume Nullable(Float64), trade_count Int64, quote_count Int64,
      bid_price Nullable(Float64), bid_size Nullable(Float64), ask_price Nullable(Float64), ask_size Nullable(Float64)
    ) ENGINE = ReplacingMergeTree ${MONTH('end_time_us')} ORDER BY (bar, symbol, end_time_us, known_time_us)`,
    `CREATE TABLE IF NOT EXISTS {db}.features (
      feature_set LowCardinality(String), symbol LowCardinality(String), time_us Int64, known_time_us Int64,
      offset Int64, values Array(Nullable(Float64))
    ) ENGINE = ReplacingMergeTree ${MONTH('time_us')} ORDER BY (feature_set, symbol, time_us, known_time_us)`,
    `CREATE TABLE IF NOT EXISTS {db}.feature_sets (
      feature_set String, names Array(String)
    ) ENGINE = ReplacingMergeTree ORDER BY feature_set`,
    `CREATE TABLE IF NOT EXISTS {db}.predictions (
      model LowCardinality(String), version LowCardinality(String), model_digest LowCardinality(String),
      symbol LowCardinality(String), feature_time_us Int64, feature_offset Int64,
      recommendation LowCardinality(String), abstain_reason LowCardinality(String),
      probability_up Nullable(Float64), adjusted_probability Nullable(Float64), confidence Nullable(Float64),
      disagreement Nullable(Float64), risk_score Nullable(Float64), members Array(Float64),
      inputs_hash String, latency_us Float64, predicted_time_us Int64
    ) ENGINE = ReplacingMergeTree ${MONTH('feature_time_us')} ORDER BY (model_digest, symbol, feature_time_us, feature_offset)`,
    `CREATE TABLE IF NOT EXISTS {db}.quarantine (
      reason LowCardinality(String), message String, source LowCardinality(String), symbol LowCardinality(String),
      origin String, receive_time_us Int64, sequence Nullable(Int64), event_time_us Nullable(Int64), raw String
    ) ENGINE = ReplacingMergeTree ORDER BY (symbol, origin, reason)`,
  ],
  // Version 2: when a row was recorded, for retention; tokens of inserts; minute bars and outcomes. What a view aggregates stays the same
  // when a row comes again (the newest version by key, never a sum): it may be fed twice, in any order, before and after merges.
  [
    ...(Object.keys(TABLES) as TableName[]).flatMap((table) => [
      `ALTER TABLE {db}.${table} ADD COLUMN IF NOT EXISTS recorded_at DateTime DEFAULT now()`,
      `ALTER TABLE {db}.${table} MODIFY SETTING non_replicated_deduplication_window = ${REMEMBERED_INSERTS}`,
    ]),
    `CREATE TABLE IF NOT EXISTS {db}.${COPIES.minuteParts} (
      bar LowCardinality(String), symbol LowCardinality(String), minute_us Int64,
      parts SimpleAggregateFunction(maxMap, Map(Int64, Tuple(Int64, Float64, Float64, Float64, Float64, Float64, Int64))),
      recorded_at SimpleAggregateFunction(max, DateTime)
    ) ENGINE = AggregatingMergeTree ${MONTH('minute_us')} ORDER BY (bar, symbol, minute_us)`,
    `CREATE MATERIALIZED VIEW IF NOT EXISTS {db}.${COPIES.minuteParts}_of_bars TO {db}.${COPIES.minuteParts} AS ${MINUTE_PARTS}`,
    `INSERT INTO {db}.${COPIES.minuteParts} ${MINUTE_PARTS}`,
    `CREATE VIEW IF NOT EXISTS {db}.bars_minute AS
      SELECT bar, symbol, minute_us AS start_time_us, minute_us + ${MINUTE_US} AS end_time_us,
        arrayMax(arrayMap(p -> p.1, versions)) AS known_time_us, (versions[1]).2 AS open,
        arrayMax(arrayMap(p -> p.3, versions)) AS high, arrayMin(arrayMap(p -> p.4, versions)) AS low,
        (versions[-1]).5 AS close, arraySum(arrayMap(p -> p.6, versions)) AS volume,
        arraySum(arrayMap(p -> p.7, versions)) AS trade_count, length(versions) AS bar_count
      FROM (SELECT bar, symbol, minute_us, mapValues(mapSort(maxMap(parts))) AS versions
        FROM {db}.${COPIES.minuteParts} GROUP BY bar, symbol, minute_us)`,
    `CREATE TABLE IF NOT EXISTS {db}.${COPIES.outcomePrices} (
      bar LowCardinality(String), symbol LowCardinality(String), time_us Int64, horizon_us Int64,
      price_then SimpleAggregateFunction(max, Tuple(Int64, Float64)),
      price_after SimpleAggregateFunction(max, Tuple(Int64, Float64)),
      recorded_at SimpleAggregateFunction(max, DateTime)
    ) ENGINE = AggregatingMergeTree ${MONTH('time_us')} ORDER BY (bar, symbol, horizon_us, time_us)`,
    `CREATE MATERIALIZED VIEW IF NOT EXISTS {db}.${COPIES.outcomePrices}_of_bars TO {db}.${COPIES.outcomePrices} AS ${OUTCOME_PRICES}`,
    `INSERT INTO {db}.${COPIES.outcomePrices} ${OUTCOME_PRICES}`,
    `CREATE VIEW IF NOT EXISTS {db}.outcomes AS
      SELECT bar, symbol, time_us, horizon_us, greatest(then.1, after.1) AS known_time_us, after.2 / then.2 - 1 AS forward_return,
        toInt8(sign(after.2 - then.2)) AS direction
      FROM (SELECT bar, symbol, time_us, horizon_us, max(price_then) AS then, max(price_after) AS after
        FROM {db}.${COPIES.outcomePrices} GROUP BY bar, symbol, time_us, horizon_us)
      WHERE then.1 != 0 AND after.1 != 0`,
  ],
  // Version 3: which revision of a model answered.
  [
    'ALTER TABLE {db}.predictions ADD COLUMN IF NOT EXISTS revision LowCardinality(String) AFTER model_digest',
  ],
];

/** Version of the tables that the migrations lead to. */
export const SCHEMA_VERSION = MIGRATIONS.length;
