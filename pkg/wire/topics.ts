import type { TopicSettings } from '../eventlog/event-log.ts';

/** Names of the topics of one installation. All are keyed by symbol, so that the order within a symbol holds. */
export interface TopicNames {
  readonly marketData: string;
  readonly features: string;
  readonly signals: string;
  readonly quarantine: string;
  /** Snapshots of the feature engines, the newest per partition of market data; compacted. */
  readonly featureState: string;
}

export const TOPICS: TopicNames = {
  marketData: 'market_data',
  features: 'features',
  signals: 'signals',
  quarantine: 'quarantine',
  featureState: 'feature_state',
};

/**
 * Settings of every topic. All forget what is old, so that none grows without bound even where nobody reads it; snapshots
 * are compacted instead.
 *
 * @param partitions - Of each topic, at least 1.
 * @param retentionRecords - Records per partition that may be counted on.
 */
export function topicSettings(
  names: TopicNames,
  partitions: number,
  retentionRecords: number,
): readonly TopicSettings[] {
  return Object.values(names).map(
    (name: string): TopicSettings =>
      name === names.featureState
        ? { name, partitions, cleanup: 'compact' }
        : { name, partitions, cleanup: 'delete', retentionRecords },
  );
}
