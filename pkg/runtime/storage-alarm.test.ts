import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';

import { ManualClock } from './clock.ts';
import { createLogger } from './logger.ts';
import { StorageAlarm } from './storage-alarm.ts';

function build() {
  const lines: Record<string, unknown>[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line)) };
  const registry = new Registry();
  const clock = new ManualClock();
  const logger = createLogger({ level: 'info', destination });
  return { alarm: new StorageAlarm({ logger, registry, clock }), lines, registry, clock };
}

describe('an alarm of storage', () => {
  it('is told once, then once a minute, and when it is over', async () => {
    const { alarm, lines, registry, clock } = build();
    for (let second = 0; second < 150; second += 1) {
      alarm.failed('history', 'no space');
      clock.advance(1000);
    }
    expect(lines.map(({ level, seconds, tries }) => [level, seconds, tries])).toEqual([
      ['error', 0, 1],
      ['error', 60, 61],
      ['error', 120, 121],
    ]);
    expect(await registry.metrics()).toContain('tradewind_storage_failures_total{what="history"} 150');
    expect(await registry.metrics()).toContain('tradewind_storage_failing{what="history"} 1');
    alarm.succeeded('history');
    expect(lines.at(-1)).toMatchObject({ level: 'info', what: 'history', seconds: 150, tries: 150 });
    expect(await registry.metrics()).toContain('tradewind_storage_failing{what="history"} 0');
    alarm.succeeded('history');
    expect(lines).toHaveLength(4);
    // A new one is told at once.
    alarm.failed('history', 'no space');
    expect(lines).toHaveLength(5);
  });

  it('says what cannot be kept, and is not ready, for as long as one thing is left', () => {
    const { alarm } = build();
    expect(alarm.check()).toEqual({ isReady: true });
    alarm.failed('history', 'no space');
    alarm.failed('checkpoint', 'ENOSPC');
    expect(alarm.check()).toEqual({ isReady: false, reason: 'history: no space; checkpoint: ENOSPC' });
    alarm.succeeded('history');
    expect(alarm.check()).toEqual({ isReady: false, reason: 'checkpoint: ENOSPC' });
    alarm.succeeded('checkpoint');
    expect(alarm.check()).toEqual({ isReady: true });
  });
});
