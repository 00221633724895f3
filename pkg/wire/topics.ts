import type { TopicSettings } from '../eventlog/event-log.ts';
import { TopicNameInvalid } from './errors.ts';

/** Names of the topics of one installation. All are keyed by symbol, so that the order within a symbol holds. */
export interface TopicNames {
  /**
   * Market events. May hold `{symbol}`: then each symbol has a topic of its own, which suits universes of up to some tens
   * of symbols; see {@link topicOf}.
   */
  readonly marketData: string;
  readonly news: string;
  readonly features: string;
  readonly signals: string;
  readonly orders: string;
  readonly fills: string;
  readonly quarantine: string;
  /** Snapshots of the feature engines, the newest per partition of market data; compacted. */
  readonly featureState: string;
}

/** Names that an installation has unless it says otherwise. */
export const TOPICS: TopicNames = {
  marketData: 'market_data',
  news: 'news',
  features: 'features',
  signals: 'signals',
  orders: 'orders',
  fills: 'fills',
  quarantine: 'quarantine',
  featureState: 'feature_state',
};

/** {@link TOPICS} with a topic of market data per symbol. */
export const TOPICS_BY_SYMBOL: TopicNames = { ...TOPICS, marketData: 'market_data_{symbol}' };

const SYMBOL = '{symbol}';
/** What a topic's name may consist of; anything else would collide once replaced, so it is refused. */
const LEGAL = /^[\w.-]+$/;

/**
 * Topic of a symbol: the name itself, or the template with the symbol in its place.
 *
 * @throws {TopicNameInvalid} The name is a template, and the symbol has characters that no topic may have.
 */
export function topicOf(name: string, symbol: string): string {
  if (!name.includes(SYMBOL)) return name;
  if (!LEGAL.test(symbol)) throw new TopicNameInvalid(name, symbol);
  return name.replaceAll(SYMBOL, symbol);
}

/** Every topic behind a name: one, or one per symbol where the name is a template. @throws {TopicNameInvalid} */
export function topicsOf(name: string, symbols: readonly string[]): readonly string[] {
  return [...new Set(name.includes(SYMBOL) ? symbols.map((symbol) => topicOf(name, symbol)) : [name])];
}

/**
 * Settings of every topic. All forget what is old, so that none grows without bound even where nobody reads it; snapshots
 * are compacted instead.
 *
 * @param partitions - Of each topic, at least 1.
 * @param retentionRecords - Records per partition that may be counted on.
 * @param symbols - The universe, where a name is a template.
 * @throws {TopicNameInvalid} A name is a template, and a symbol does not fit into it.
 */
export function topicSettings(
  names: TopicNames,
  partitions: number,
  retentionRecords: number,
  symbols: readonly string[] = [],
): readonly TopicSettings[] {
  return Object.values(names).flatMap((template: string) =>
    topicsOf(template, symbols).map(
      (name): TopicSettings =>
        template === names.featureState
          ? { name, partitions, cleanup: 'compact' }
          : { name, partitions, cleanup: 'delete', retentionRecords },
    ),
  );
}
