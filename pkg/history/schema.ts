/** Tables and the columns that identify a row, in order. */
export const TABLES = {
  ticks: ['source', 'symbol', 'sequence'],
  bars: ['bar', 'symbol', 'end_time_us', 'known_time_us'],
  features: ['feature_set', 'symbol', 'time_us', 'known_time_us'],
  predictions: ['model_digest', 'symbol', 'feature_time_us', 'feature_offset'],
  quarantine: ['symbol', 'origin', 'reason'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type TableName = keyof typeof TABLES;

/** Tables that materialised views fill from the bars, and that are kept as long as those. */
export const COPIES = { minuteParts: 'minute_parts', outcomePrices: 'outcome_prices' } as const;

/** Columns that depend on when a run took place, not on what it saw. */
export const WALL_CLOCK_COLUMNS: ReadonlySet<string> = new Set([
  'latency_us',
  'predicted_time_us',
  'recorded_at',
]);
