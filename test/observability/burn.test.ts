import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';

import { BURN_WINDOWS, secondsToClear, secondsToFire } from '../../pkg/slo/burn-windows.ts';
import { rulesYaml } from '../../scripts/observability/rules-yaml.ts';
import { kafkaMissing } from '../servers/kafka.ts';
import {
  type PrometheusServer,
  prometheusMissing,
  startAlertmanager,
  startPrometheus,
} from '../servers/prometheus.ts';
import { TcpProxy } from '../servers/tcp-proxy.ts';
import { randomArtifact } from '../support/artifact.ts';
import { eventually } from '../support/eventually.ts';
import { brokersForTests } from '../support/kafka-log.ts';
import { startService } from '../support/services.ts';
import { type AlertReceiver, startAlertReceiver, type ToldAlert } from './alert-receiver.ts';

const missing = prometheusMissing() ?? kafkaMissing();

/** An hour is half a minute, and 5 minutes are 2.5 s. */
const SCALE = 1 / 120;
const OBJECTIVE = 0.99;
/** Above what a machine with other work takes now and then. */
const THRESHOLD_MS = 400;
/** Each way: every answer is late, and none is lost. */
const SLOW_MS = 220;
const HEALTHY_MS = BURN_WINDOWS[0]!.longSeconds * SCALE * 1000 + 2000;
const EVERY_MS = 20;
/** Of metrics read, rules evaluated, alerts passed on, and a machine with other work. */
const SLACK_SECONDS = 12;
/** Requests before the first is counted: a process that has just started is slow. */
const WARM_UP_MS = 3000;
const TEST_MS = 120_000;

/** Asks a gateway for a prediction at a fixed pace, whatever becomes of the ones before; features are new each time. */
function ask(url: string, features: readonly string[]): { stop(): void } {
  let i = 0;
  const timer = setInterval(() => {
    i += 1;
    const values = Object.fromEntries(features.map((name, k) => [name, Math.sin(i * 31 + k)]));
    const body = JSON.stringify({ model: 'm', ...values });
    const headers = { 'content-type': 'application/json' };
    fetch(`${url}/predict`, { method: 'POST', headers, body }).then(
      (response) => response.text(),
      () => undefined,
    );
  }, EVERY_MS);
  return { stop: () => clearInterval(timer) };
}

describe.skipIf(missing !== undefined)('a burn', { timeout: TEST_MS }, () => {
  const brokers = brokersForTests();
  const closing: (() => Promise<unknown> | void)[] = [];
  let folder: string;
  let proxy: TcpProxy;
  let receiver: AlertReceiver;
  let prometheus: PrometheusServer;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tradewind-burn-'));
    const artifact = await randomArtifact(folder);
    const predictor = await startService('predictor', { model: { uris: [artifact] } });
    closing.push(() => predictor.stop('SIGTERM'));
    proxy = await TcpProxy.start(Number(predictor.address('grpc').split(':')[1]));
    closing.push(() => proxy.stop());
    const traffic = join(folder, 'traffic.yaml');
    const targets = [{ revision: 'm-a', weight: 100, predictors: [`127.0.0.1:${proxy.port}`] }];
    const slo = { latencyThresholdMs: THRESHOLD_MS, latencyObjective: OBJECTIVE };
    await writeFile(traffic, stringify({ models: [{ model: 'm', symbols: ['ES'], slo, targets }] }));
    const gateway = await startService('gateway', {
      kafka: { brokers: brokers(), partitions: 1 },
      features: { sets: ['core-v1'] },
      traffic: { source: 'file', file: traffic },
    });
    closing.push(() => gateway.stop('SIGTERM'));
    const http = gateway.address('http');
    await eventually(async () => (await fetch(`http://${http}/readyz`)).ok, 30_000);

    const { contract } = JSON.parse(await readFile(join(artifact, 'manifest.json'), 'utf8')) as {
      readonly contract: { readonly features: readonly string[] };
    };
    const asking = ask(`http://${http}`, contract.features);
    closing.push(() => asking.stop());
    await sleep(WARM_UP_MS);

    receiver = await startAlertReceiver();
    closing.push(() => receiver.stop());
    const alertmanager = await startAlertmanager(await alertmanagerConfig(receiver.url));
    closing.push(() => alertmanager.stop());
    prometheus = await startPrometheus({
      rules: rulesYaml({ scale: SCALE }),
      targets: [{ address: http, process: 'gateway' }],
      ...{ scrapeInterval: '250ms', evaluationInterval: '250ms', alertmanager: alertmanager.address },
    });
    closing.push(() => prometheus.stop());
  }, TEST_MS);
  afterAll(async () => {
    for (const close of closing.toReversed()) await close();
    await rm(folder, { recursive: true, force: true });
  });

  /** The page of a window that came after a time. */
  const pages = (status: ToldAlert['status'], window: string, afterMs: number): ToldAlert | undefined =>
    receiver.told.find(
      ({ receiver: to, status: is, labels, atMs }) =>
        to === 'pages' &&
        is === status &&
        labels['alertname'] === 'LatencyBudgetBurns' &&
        labels['window'] === window &&
        atMs > afterMs,
    );

  it('of slow predictors pages within the time that theory gives, and the page clears once they are fast again', async () => {
    const [fast, slower] = BURN_WINDOWS as unknown as readonly [
      (typeof BURN_WINDOWS)[0],
      (typeof BURN_WINDOWS)[0],
    ];
    await sleep(HEALTHY_MS);
    const [asked] = await prometheus.query('sum(rate(tradewind_slo_events_total{slo="latency"}[10s]))');
    expect(asked!.points[0]![1]).toBeGreaterThan(10);
    // Nothing pages without a fault; a machine that stood still for a moment is waited for.
    await eventually(async () => {
      const pages = (await prometheus.alerts()).filter(({ labels }) => labels['severity'] === 'page');
      expect(pages).toEqual([]);
      return true;
    }, 20_000);

    proxy.delayMs = SLOW_MS;
    const slowAt = performance.now();
    const page = await eventually(() => pages('firing', '1h', slowAt), 30_000);
    const firedAfter = (page.atMs - slowAt) / 1000;
    const due = secondsToFire(fast, 1, OBJECTIVE) * SCALE;
    expect(firedAfter).toBeGreaterThan(due * 0.5);
    expect(firedAfter).toBeLessThan(due + SLACK_SECONDS);
    expect(page.labels).toMatchObject({ severity: 'page', slo: 'latency', model: 'm' });
    expect(page.annotations['summary']).toMatch(/^m gives [\d.]+% of its answers too late \(over 1h;/);
    expect(page.annotations['runbook_url']).toBe('docs/runbooks/latency-budget-burns.md');
    // They are late, and none of them is lost.
    expect(receiver.told.filter(({ labels }) => labels['slo'] === 'availability')).toEqual([]);
    // Short windows see slow answers alone.
    await sleep(fast.shortSeconds * SCALE * 1000);

    proxy.delayMs = 0;
    const fastAt = performance.now();
    const cleared = await eventually(() => pages('resolved', '1h', fastAt), 30_000);
    const clearedAfter = (cleared.atMs - fastAt) / 1000;
    expect(clearedAfter).toBeGreaterThan(secondsToClear(fast, 1, OBJECTIVE) * SCALE * 0.5);
    expect(clearedAfter).toBeLessThan(secondsToClear(fast, 1, OBJECTIVE) * SCALE + SLACK_SECONDS);
    // The slower window remembers for longer.
    const all = await eventually(() => pages('resolved', '6h', fastAt), 40_000);
    expect((all.atMs - fastAt) / 1000).toBeLessThan(slower.shortSeconds * SCALE + SLACK_SECONDS);
    console.info(
      `page after ${firedAfter.toFixed(1)} s (theory ${due.toFixed(1)}), cleared after ${clearedAfter.toFixed(1)} s (theory ${(secondsToClear(fast, 1, OBJECTIVE) * SCALE).toFixed(1)})`,
    );
  });
});

/** The example of routes with this receiver, and without its pauses. */
async function alertmanagerConfig(url: string): Promise<string> {
  const text = await readFile(join(import.meta.dirname, '../../deploy/prometheus/alertmanager.yaml'), 'utf8');
  const config = parse(text.replaceAll('http://127.0.0.1:9099', url)) as { readonly route: object };
  const route = { ...config.route, group_wait: '0s', group_interval: '500ms' };
  return stringify({ ...config, route });
}
