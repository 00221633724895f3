import { describe, expect, it } from 'vitest';

import { checkTopic } from '../eventlog/topic-check.ts';
import { TOPICS, topicSettings } from './topics.ts';

describe('topics of an installation', () => {
  it('have the public names', () => {
    expect(new Set(Object.values(TOPICS) as string[])).toEqual(
      new Set(['feature_state', 'features', 'market_data', 'quarantine', 'signals']),
    );
  });

  it('are bounded each, snapshots by compaction and all else by retention', () => {
    const settings = topicSettings(TOPICS, 4, 1000);
    settings.forEach(checkTopic);
    expect(settings).toHaveLength(5);
    for (const topic of settings) {
      expect(topic.partitions).toBe(4);
      if (topic.name === TOPICS.featureState) expect(topic.cleanup).toBe('compact');
      else expect(topic).toMatchObject({ cleanup: 'delete', retentionRecords: 1000 });
    }
  });
});
