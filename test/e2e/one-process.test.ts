import { execFileSync } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { PredictionService } from '../../proto/gen/tradewind/v1/prediction_pb.ts';
import { createRpcClient } from '../../pkg/rpc/client.ts';
import { predictionOf } from '../../pkg/wire/prediction.ts';
import { randomArtifact } from '../support/artifact.ts';
import { addressIn, runCli, startCli, type Running } from '../support/cli.ts';
import { eventually } from '../support/eventually.ts';
import { HAS_RECORDINGS, recording } from '../support/recordings.ts';
import { removeFolder } from '../support/remove-folder.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tradewind-e2e-'));
});
afterAll(() => removeFolder(folder));

describe('the system in one process, on the simulator', () => {
  let up: Running;
  let grpc: string;
  let http: string;

  beforeAll(async () => {
    const model = await randomArtifact(folder);
    up = startCli(
      [
        'up',
        '--data',
        join(folder, 'sim'),
        '--model',
        model,
        '--set',
        'core-v1',
        '--grpc-port',
        '0',
        '--http-port',
        '0',
      ],
      {
        TRADEWIND_SIMULATOR_HISTORY_SECONDS: '120',
      },
    );
    grpc = await eventually(() => addressIn(up.stderr(), 'gRPC'), 30_000);
    http = await eventually(() => addressIn(up.stderr(), 'console'), 30_000);
    await eventually(async () => (await fetch(`http://${http}/readyz`)).ok, 30_000);
  });
  afterAll(() => {
    up.child.kill('SIGKILL');
  });

  it('answers 100 predictions over gRPC, each with features, members and lineage that agree', async () => {
    const client = createRpcClient(PredictionService, grpc);
    try {
      await eventually(async () => {
        const { prediction } = await client.call.predict({
          model: '',
          input: { case: 'symbol', value: 'ES' },
        });
        return predictionOf(prediction!).recommendation !== 'abstain';
      }, 30_000);
      for (let i = 0; i < 100; i += 1) {
        const symbol = ['ES', 'NQ', 'YM', 'RTY'][i % 4]!;
        const answer = await client.call.explain({
          request: { model: 'direction', input: { case: 'symbol', value: symbol } },
        });
        const prediction = predictionOf(answer.prediction!);
        if (prediction.recommendation === 'abstain') throw new Error(prediction.abstainReason);
        expect(prediction.probabilityUp).toBeGreaterThanOrEqual(0);
        expect(prediction.probabilityUp).toBeLessThanOrEqual(1);
        expect(prediction.confidence).toBe(Math.max(prediction.probabilityUp, 1 - prediction.probabilityUp));
        expect(prediction.modelDigest).toMatch(/^sha256:[0-9a-f]{64}$/);
        expect(prediction.featureOffset).toBeGreaterThan(0);
        expect(answer.features).toHaveLength(29);
        expect(answer.features.find(({ name }) => name === 'mid_price')!.value).toBeGreaterThan(100);
        expect(answer.members.map(({ probabilityUp }) => probabilityUp)).toEqual(prediction.members);
        expect(answer.lineage!.featureOffset).toBe(BigInt(prediction.featureOffset));
      }
    } finally {
      client.close();
    }
  });

  it('shows every stage in its metrics', async () => {
    const text = await (await fetch(`http://${http}/metrics`)).text();
    for (const metric of [
      'tradewind_events_total{kind="trade"}',
      'tradewind_feature_latency_seconds_count',
      'tradewind_predictions_total{',
    ]) {
      expect(text).toContain(metric);
    }
  });

  it('answers a flat object of features over HTTP, the second time from the cache', async () => {
    const client = createRpcClient(PredictionService, grpc);
    const { features } = await client.call.explain({
      request: { model: '', input: { case: 'symbol', value: 'ES' } },
    });
    client.close();
    const body = JSON.stringify(
      Object.fromEntries(features.map(({ name, value }) => [name, Number.isNaN(value) ? null : value])),
    );
    const post = async () =>
      (
        await fetch(`http://${http}/predict`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body,
        })
      ).json() as Promise<Record<string, unknown>>;
    const [first, second] = [await post(), await post()];
    expect(first).not.toHaveProperty('code');
    expect(first['recommendation']).toMatch(/buy|hold|sell/);
    expect([first['from_cache'], second['from_cache']]).toEqual([false, true]);
    expect(second['probability_up']).toBe(first['probability_up']);
  });

  it('abstains while its model is unloaded by the inference protocol, and predicts again once it is loaded', async () => {
    const ask = async (path: string, body: string): Promise<Record<string, unknown>> => {
      const headers = { 'content-type': 'application/json' };
      const answer = await fetch(`http://${http}${path}`, { method: 'POST', headers, body });
      return (await answer.json()) as Record<string, unknown>;
    };
    await ask('/v2/repository/models/direction/unload', '{}');
    expect(await ask('/predict', '{"symbol":"ES"}')).toMatchObject({ abstain_reason: 'ModelUnavailable' });
    await ask('/v2/repository/models/direction/load', '{}');
    expect(await ask('/predict', '{"symbol":"ES"}')).toMatchObject({ model: 'direction', symbol: 'ES' });
  });

  it('counts on /metrics what became of its predictions', async () => {
    const outcomes = await eventually(async () => {
      const text = await (await fetch(`http://${http}/metrics`)).text();
      const lines = text
        .split('\n')
        .filter((line) => line.startsWith('tradewind_prediction_outcomes_total{'));
      return lines.some((line) => /right|wrong/.test(line)) ? lines : undefined;
    });
    for (const line of outcomes)
      expect(line).toMatch(/\{model="direction",outcome="(right|wrong|dead-zone)"\} [1-9]\d*$/);
  });

  it('stops within 5 s when interrupted, and goes on from where it was', async () => {
    const begun = performance.now();
    up.child.kill('SIGINT');
    const { code, stdout } = await up.finished;
    expect(code).toBe(0);
    expect(performance.now() - begun).toBeLessThan(5_000);
    expect(stdout).toContain('predictions');
    expect(stdout).toMatch(/outcomes +direction test-1: Right in [\d.]+ % of/);
    const again = startCli(
      [
        'up',
        '--data',
        join(folder, 'sim'),
        '--no-train',
        '--set',
        'core-v1',
        '--grpc-port',
        '0',
        '--http-port',
        '0',
        '--for',
        '1s',
        '--json',
      ],
      {
        TRADEWIND_SIMULATOR_HISTORY_SECONDS: '120',
      },
    );
    const summary = JSON.parse((await again.finished).stdout) as {
      resumedFromPosition: number;
      events: Record<string, number>;
      outcomes: { settled: number }[];
    };
    // Nothing predicts in this run: what is known is from the one before.
    expect(summary.outcomes[0]!.settled).toBeGreaterThan(0);
    expect(summary.resumedFromPosition).toBeGreaterThan(1000);
    expect(summary.events['quotes']).toBeGreaterThan(1000);
  });
});

describe.skipIf(!HAS_RECORDINGS)('the system in one process, on a recording of an exchange', () => {
  it('counts what an independent reading of the file counts', async () => {
    const file = recording('binance_l2/usdm_btcusdt_20240808.gz');
    const model = await randomArtifact(folder, { seed: 2 });
    const { code, stdout } = await runCli([
      ...['up', '--source', 'replay', '--file', file, '--speed', 'max', '--set', 'core-v1', '--model', model],
      ...['--data', join(folder, 'replay'), '--grpc-port', '0', '--http-port', '0', '--json'],
    ]);
    expect(code).toBe(0);
    const summary = JSON.parse(stdout) as {
      events: Record<string, number>;
      bars: number;
      quarantined: object;
      predictions: number;
      abstentions: Record<string, number>;
    };
    const count = (pattern: string): number =>
      Number(execFileSync('sh', ['-c', `gzip -dc '${file}' | grep -c '${pattern}'`], { encoding: 'utf8' }));
    expect(summary.events).toEqual({
      quotes: count('"e":"bookTicker"'),
      trades: count('"e":"trade"'),
      depthUpdates: count('"e":"depthUpdate"'),
      bookSnapshots: count('"lastUpdateId"'),
    });
    // Bars of one second, from the first second with an event to the last that has ended.
    const times = execFileSync(
      'sh',
      ['-c', `gzip -dc '${file}' | grep -o '"T":[0-9]*' | cut -d: -f2 | sort -n | sed -n '1p;$p'`],
      { encoding: 'utf8' },
    );
    const [first, last] = times
      .trim()
      .split('\n')
      .map((ms) => Math.floor(Number(ms) / 1000));
    expect(summary.bars).toBe(last! - first!);
    expect(summary.quarantined).toEqual({});
    expect(summary.predictions + Object.values(summary.abstentions).reduce((a, b) => a + b, 0)).toBe(
      summary.bars,
    );
  });
});
