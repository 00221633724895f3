import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { kafkaMissing } from '../../test/servers/kafka.ts';
import { runCli } from '../../test/support/cli.ts';
import { eventually } from '../../test/support/eventually.ts';
import { brokersForTests } from '../../test/support/kafka-log.ts';
import { startService } from '../../test/support/services.ts';

const missing = kafkaMissing();
const WITHIN_MS = 30_000;
/** Of a morning years ago, a second apart. */
const START_S = 1_700_000_000;

describe.skipIf(missing !== undefined)('the collector process on a recording', () => {
  const brokers = brokersForTests();
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tradewind-collector-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  async function configOf(name: string, lines: readonly string[], more: object = {}): Promise<object> {
    const file = join(folder, name);
    await writeFile(file, `${lines.join('\n')}\n`);
    return {
      kafka: { brokers: brokers(), partitions: 1 },
      source: { kind: 'replay', file, speed: 'max' },
      ...more,
    };
  }

  it('tells the age of its data on the clock of the recording', async () => {
    const quotes = Array.from({ length: 20 }, (_, i) => `${START_S + i},1,2`);
    const collector = await startService('collector', await configOf('ES.csv', ['time,bid,ask', ...quotes]));
    await eventually(() => collector.log().includes('"source ended"'), WITHIN_MS);
    const metrics = await (await fetch(`http://${collector.address('http')}/metrics`)).text();
    expect(metrics).toContain('tradewind_data_age_seconds{symbol="ES"} 0');
    expect(metrics).toContain('tradewind_events_total{kind="quote"} 20');
    expect(await collector.stop('SIGTERM')).toBe(0);
  });

  const bars = (name: string, more?: object): Promise<object> =>
    configOf(
      name,
      ['time,open,high,low,close', ...Array.from({ length: 5 }, (_, i) => `${START_S + 60 * i},1,2,0.5,1`)],
      more,
    );

  it('refuses bars other than those that are configured, and says which', async () => {
    const file = join(folder, 'config.json');
    await writeFile(file, JSON.stringify({ http: { port: 0 }, ...(await bars('bars.csv')) }));
    const { code, stderr } = await runCli(['service', 'collector', '--config', file]);
    expect(stderr.split('\n').filter((line) => !line.startsWith('{'))).toEqual([
      'tradewind: ConfigInvalid: configuration must be valid, had 1 fault:',
      "  features.bar must be time:60000, since that is the bars of source.file, was 'time:1000'",
      '',
    ]);
    expect(code).toBe(2);
  });

  it('takes them where they are configured', async () => {
    const collector = await startService(
      'collector',
      await bars('right.csv', { features: { bar: 'time:60000' } }),
    );
    await eventually(() => collector.log().includes('"source ended"'), WITHIN_MS);
    expect(await collector.stop('SIGTERM')).toBe(0);
  });

  it('ends with its code where the topics are others', async () => {
    const file = join(folder, 'others.json');
    const kafka = { brokers: brokers(), partitions: 2 };
    await writeFile(file, JSON.stringify({ http: { port: 0 }, ...(await bars('others.csv')), kafka }));
    const { code, stderr } = await runCli(['service', 'collector', '--config', file]);
    expect(stderr).toContain('TopicMismatch: topic market_data must have partitions 2, has 1');
    expect(code).not.toBe(0);
  });
});
