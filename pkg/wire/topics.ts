import type { TopicSettings } from '../eventlog/event-log.ts';

/** Names of the topics of one installation. */
export interface TopicNames {
  readonly marketData: string;
  readonly features: string;
  readonly signals: string;
  readonly quarantine: string;
}

export const TOPICS: TopicNames = {
  marketData: 'market_data',
  features: 'features',
  signals: 'signals',
  quarantine: 'quarantine',
};

/** Settings of every topic: keyed by symbol, so that the order within a symbol holds. */
export function topicSettings(
  names: TopicNames,
  partitions: number,
  retentionRecords: number,
): readonly TopicSettings[] {
  return Object.values(names).map((name: string) => ({
    name,
    partitions,
    cleanup: 'delete' as const,
    retentionRecords,
  }));
}
