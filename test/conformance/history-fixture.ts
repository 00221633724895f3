import type { FeatureVector } from '../../pkg/features/feature-vector.ts';
import type { HistoryAddress } from '../../pkg/history/connection.ts';
import { History } from '../../pkg/history/history.ts';
import { barRow, featureRow, type Row } from '../../pkg/history/rows.ts';
import type { MarketEvent } from '../../pkg/marketdata/events.ts';

/** Where a history may be made; the suite makes databases of its own in it. */
export interface HistoryUnderTest {
  readonly address: Omit<HistoryAddress, 'database'>;
  /** Runs a statement as its administrator, beside the history's client. */
  readonly command: (sql: string) => Promise<void>;
  /** What a query gives. */
  readonly rows: (sql: string) => Promise<readonly Row[]>;
  readonly close: () => Promise<void>;
}

/** Bar clock of every vector. */
export const BAR = 'time:1000';
export const SECOND_US = 1_000_000;
/** A time in the minute of which 40 s are left. */
export const START_US = 1_700_000_000 * SECOND_US;
/** From {@link START_US} to the next whole minute. */
export const SECONDS_TO_MINUTE = 40;

/** A vector and its bar, of which the close tells the second. */
export const vector = (
  symbol: string,
  second: number,
  values: readonly number[],
  changes: Partial<FeatureVector> = {},
): FeatureVector => {
  const timeUs = START_US + second * SECOND_US;
  return {
    ...{ symbol, timeUs, featureSet: 'core-v1', knownTimeUs: timeUs + 1000, offset: second },
    values: Float64Array.from(values),
    bar: {
      ...{ symbol, startTimeUs: timeUs - SECOND_US, endTimeUs: timeUs },
      ...{ open: 1, high: 2, low: 0.5, close: 1 + second / 10, volume: 3, buyVolume: 1, sellVolume: 2 },
      ...{ tradeCount: 4, quoteCount: 5, bidPrice: 1, bidSize: 7, askPrice: 1.5, askSize: 8 },
    },
    ...changes,
  };
};

export const quote = (sequence: number, bidPrice: number): MarketEvent => ({
  ...{ kind: 'quote', source: 'test.quote', symbol: 'ES', sequence },
  ...{ eventTimeUs: START_US + sequence, receiveTimeUs: START_US + sequence + 5 },
  ...{ bidPrice, bidSize: 1, askPrice: bidPrice + 1, askSize: 2 },
});

/** The history under test, in one database after another. */
export class HistoryFixture {
  readonly under: HistoryUnderTest;
  readonly #names: string[] = [];
  #history: History | undefined;

  constructor(under: HistoryUnderTest) {
    this.under = under;
  }

  get history(): History {
    return this.#history!;
  }

  set history(history: History) {
    this.#history = history;
  }

  /** Database of the history that is open. */
  get database(): string {
    return this.#names.at(-1)!;
  }

  /** A name that no database has, nor will have when this is closed. */
  newName(): string {
    this.#names.push(`conformance_${process.pid}_${this.#names.length + 1}`);
    return this.database;
  }

  /** Opens an empty history. */
  async openNew(): Promise<void> {
    await this.#history?.close();
    this.#history = await History.open({ ...this.under.address, database: this.newName() });
  }

  async write(vectors: readonly FeatureVector[]): Promise<void> {
    await this.history.insert(
      'bars',
      vectors.map((one) => barRow(one, BAR)),
    );
    await this.history.insert('features', vectors.map(featureRow));
  }

  async close(): Promise<void> {
    for (const name of this.#names) await this.under.command(`DROP DATABASE IF EXISTS ${name}`);
    await this.#history?.close();
    await this.under.close();
  }
}
