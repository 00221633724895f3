import { describe, expect, it } from 'vitest';

import { checkTopic } from '../eventlog/topic-check.ts';
import { TopicNameInvalid } from './errors.ts';
import { TOPICS, TOPICS_BY_SYMBOL, topicOf, topicSettings, topicsOf } from './topics.ts';

describe('topics of an installation', () => {
  it('have the public names', () => {
    expect(new Set(Object.values(TOPICS) as string[])).toEqual(
      new Set([
        'feature_state',
        'features',
        'fills',
        'market_data',
        'news',
        'orders',
        'quarantine',
        'signals',
      ]),
    );
  });

  it('are bounded each, snapshots by compaction and all else by retention', () => {
    const settings = topicSettings(TOPICS, 4, 1000);
    settings.forEach(checkTopic);
    expect(settings).toHaveLength(8);
    for (const topic of settings) {
      expect(topic.partitions).toBe(4);
      if (topic.name === TOPICS.featureState) expect(topic.cleanup).toBe('compact');
      else expect(topic).toMatchObject({ cleanup: 'delete', retentionRecords: 1000 });
    }
  });

  it('may be one per symbol', () => {
    expect(topicOf(TOPICS_BY_SYMBOL.marketData, 'BTC-USDT')).toBe('market_data_BTC-USDT');
    expect(topicOf(TOPICS.marketData, 'BTC/USDT')).toBe('market_data');
    expect(topicsOf(TOPICS_BY_SYMBOL.marketData, ['ES', 'NQ', 'ES'])).toEqual([
      'market_data_ES',
      'market_data_NQ',
    ]);
    expect(topicsOf(TOPICS.marketData, ['ES', 'NQ'])).toEqual(['market_data']);
    const names = topicSettings(TOPICS_BY_SYMBOL, 1, 10, ['ES', 'NQ']).map(({ name }) => name);
    expect(names).toContain('market_data_ES');
    expect(names).toContain('market_data_NQ');
    expect(names).not.toContain('market_data_{symbol}');
  });

  it.each(['BTC/USDT', '', 'Ä', '{symbol}'])(
    "refuse a symbol that no topic's name can hold: '%s'",
    (symbol) => {
      expect(() => topicOf(TOPICS_BY_SYMBOL.marketData, symbol)).toThrow(TopicNameInvalid);
    },
  );
});
