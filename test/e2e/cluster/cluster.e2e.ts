/**
 * The whole system on a cluster, as somebody installs and uses it. `make e2e` runs it on the cluster of KUBECONFIG; the tests are steps, each of which
 * begins where the one before ended.
 */
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { PredictionService } from '../../../proto/gen/tradewind/v1/prediction_pb.ts';
import { createRpcClient } from '../../../pkg/rpc/client.ts';
import { clusterTool } from '../../servers/tools.ts';
import { eventually } from '../../support/eventually.ts';
import { checkStream } from '../../support/stream-check.ts';
import { readClusterLog } from './cluster-log.ts';
import { observedEdges } from './edges.ts';
import { LoadPod } from './load-pod.ts';
import { makeVersions, MODEL, SYMBOLS, type TestVersion, tradingModel } from './models.ts';
import { portForward } from './port-forward.ts';
import { Programs } from './programs.ts';
import { settingsOf } from './settings.ts';
import { askByTriton } from './triton.ts';

const RELEASE = 'tradewind';
const PER_SECOND = 60;
const STEP_MS = 300_000;
const settings = settingsOf(process.env);
const programs = new Programs(
  { helm: clusterTool('helm'), kubectl: clusterTool('kubectl') },
  settings.namespace,
);
const [repository, tag] = splitImage(settings.image);
const VALUES = [
  ...['--values', 'charts/tradewind/values-trial.yaml'],
  ...['--set', `image.repository=${repository},image.tag=${tag}`],
  ...['--set', `trial.kafka.image=${settings.kafkaImage},trial.redis.image=${settings.redisImage}`],
  // No image of a current ClickHouse is asked of the cluster: history is held on real servers elsewhere.
  ...['--set', 'trial.clickhouse.enabled=false,recorder.enabled=false'],
  ...['--set', 'gateway.replicas=2,collector.config.simulator.historySeconds=120'],
];
/** Connections that the policies of the chart allow in this release, and that the processes keep open. */
const EDGES = [
  'collector kafka:9092',
  'controller kube-apiserver:443',
  'features kafka:9092',
  'features redis:6379',
  'gateway kafka:9092',
  'gateway kube-apiserver:443',
  'gateway redis:6379',
  'gateway tradewind-predictor:8001',
];
/** Others that are allowed, and open for a moment only. */
const SHORT_EDGES = new Set(['controller gateway:8080', 'controller tradewind-predictor:8080']);
const LOOKS = 5;

// oxlint-disable-next-line typescript/no-explicit-any -- a test reads what it knows to be there
const statusOf = async (): Promise<any> => (await programs.json(['get', 'tradingmodel', MODEL])).status ?? {};
const versionOf = (status: Awaited<ReturnType<typeof statusOf>>, revision: string): string =>
  status.revisions?.find((one: { name: string }) => one.name === revision)?.version ?? '';

describe('an empty cluster', { timeout: 2 * STEP_MS }, () => {
  let versions: Readonly<Record<'first' | 'second' | 'worse', TestVersion>>;
  let load: LoadPod;
  const figures: Record<string, unknown> = {};
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tradewind-e2e-'));
    versions = await makeVersions(folder);
    await programs.kubectl(['delete', 'namespace', settings.namespace, '--ignore-not-found', '--wait=true']);
    await programs.apply({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: settings.namespace, labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
    });
    await programs.apply(...Object.values(versions).map(({ configMap }) => configMap));
  }, STEP_MS);
  afterAll(async () => {
    programs.end();
    await rm(folder, { recursive: true, force: true });
    console.log(JSON.stringify(figures));
  });

  const untilStable = (version: string): Promise<unknown> =>
    eventually(
      async () => {
        const status = await statusOf();
        return status.updateRevision === undefined && versionOf(status, status.stableRevision) === version;
      },
      STEP_MS,
      500,
    ).catch(async (error: unknown) => {
      throw new Error(`must be stable at ${version}, was ${JSON.stringify(await statusOf(), null, 1)}`, {
        cause: error,
      });
    });
  const pods = (selector: string): Promise<readonly { metadata: { name: string } }[]> =>
    programs.json(['get', 'pods', '--selector', selector]).then(({ items }) => items);
  const kill = async (selector: string): Promise<void> => {
    const [pod] = await pods(selector);
    await programs.kubectl([
      'delete',
      'pod',
      pod!.metadata.name,
      '--grace-period=0',
      '--force',
      '--wait=false',
    ]);
  };

  it('predicts soon after helm install and kubectl apply', async () => {
    const startMs = performance.now();
    await programs.helm(['install', RELEASE, 'charts/tradewind', ...VALUES]);
    await programs.apply(tradingModel(versions.first, 2));
    await eventually(async () => (await pods('app.kubernetes.io/component=gateway')).length > 0, STEP_MS);
    await programs.kubectl(['rollout', 'status', `deployment/${RELEASE}-gateway`, '--timeout=300s']);
    const forward = await portForward(programs, `service/${RELEASE}-gateway`, 50051);
    const client = createRpcClient(PredictionService, forward.address);
    const prediction = await eventually(
      async () => {
        const answer = await client.call.predict({ model: MODEL, input: { case: 'symbol', value: 'ES' } });
        return answer.prediction?.abstainReason === '' && answer.prediction;
      },
      STEP_MS,
      250,
    );
    figures['secondsToFirstPrediction'] = Number(((performance.now() - startMs) / 1000).toFixed(1));
    expect(prediction.probabilityUp).toBeGreaterThan(0);
    expect(prediction.revision).toContain(MODEL);
    client.close();
    forward.stop();
  });

  it('passes helm test, and is served to clients that are not ours', async () => {
    await programs.helm(['test', RELEASE, '--timeout', '120s']);
    const [predictor] = await pods('app.kubernetes.io/name=tradewind-predictor');
    const forward = await portForward(programs, `pod/${predictor!.metadata.name}`, 8001);
    expect(askByTriton(forward.address, MODEL)).toMatchObject({ ready: true });
    forward.stop();
  });

  it('has the connections that its policies allow, and no other', async () => {
    const edges = new Set<string>();
    for (let look = 0; look < LOOKS; look += 1)
      for (const edge of await observedEdges(programs)) edges.add(edge);
    figures['edges'] = [...edges].toSorted();
    expect([...edges].filter((edge) => !SHORT_EDGES.has(edge)).toSorted()).toEqual(EDGES);
  });

  it('takes a new version up by steps while a predictor and the controller are killed; no prediction fails', async () => {
    load = await LoadPod.start(programs, {
      ...{ image: settings.image, address: `${RELEASE}-gateway:50051`, model: MODEL },
      ...{ symbols: SYMBOLS, perSecond: PER_SECOND },
    });
    await programs.apply(tradingModel(versions.second, 2));
    await eventually(
      async () => (await statusOf()).traffic?.some(({ weight }: { weight: number }) => weight === 25),
      STEP_MS,
      250,
    );
    await kill(`tradewind.dev/revision=${(await statusOf()).stableRevision}`);
    await kill('app.kubernetes.io/component=controller');
    await untilStable('v2');
    const counts = await load.predictions(5 * PER_SECOND);
    figures['canary'] = counts;
    expect(counts).toMatchObject({ failures: {}, abstained: {} });
  });

  it.skipIf(settings.restartNode === undefined)('goes on while the kubelet restarts', async () => {
    expect(spawnSync('sh', ['-c', settings.restartNode!], { encoding: 'utf8' })).toMatchObject({ status: 0 });
    const counts = await load.predictions(10 * PER_SECOND);
    expect(counts).toMatchObject({ failures: {}, abstained: {} });
  });

  it('takes a worse version back by its analysis; no prediction fails', async () => {
    await programs.apply(tradingModel(versions.worse, 2));
    const status = await eventually(
      async () => {
        const now = await statusOf();
        return now.rollout?.phase === 'Aborted' && now;
      },
      STEP_MS,
      500,
    );
    expect(status.rollout.abortReason).toBe('AnalysisFailed');
    expect(versionOf(status, status.stableRevision)).toBe('v2');
    const counts = await load.predictions(5 * PER_SECOND);
    figures['rollback'] = { ...counts, message: status.rollout.abortMessage };
    expect(counts).toMatchObject({ failures: {}, abstained: {} });
  });

  it('is upgraded with a changed value and rolled back; no prediction fails', async () => {
    await programs.helm([
      'upgrade',
      RELEASE,
      'charts/tradewind',
      ...VALUES,
      '--set',
      'settings.log.level=debug',
      '--wait',
      '--timeout',
      '300s',
    ]);
    await load.predictions(5 * PER_SECOND);
    await programs.helm(['rollback', RELEASE, '--wait', '--timeout', '300s']);
    const counts = await load.predictions(5 * PER_SECOND);
    figures['upgrade'] = counts;
    expect(counts.failures).toEqual({});
    // While collector and features are replaced, features grow old.
    expect(Object.keys(counts.abstained).filter((reason) => reason !== 'FeaturesStale')).toEqual([]);
    await load.stop();
  });

  it('has lost no event and doubled none', async () => {
    await programs.kubectl(['scale', `deployment/${RELEASE}-collector`, '--replicas=0']);
    const brokers = `${RELEASE}-kafka:9092`;
    const features = `deployment/${RELEASE}-features`;
    await eventually(
      async () => {
        const lag = await programs.kubectl([
          'exec',
          features,
          '--',
          '/app/bin/tradewind',
          'lag',
          '--brokers',
          brokers,
          '--json',
        ]);
        const groups = JSON.parse(lag) as { positions: { lag: number }[] }[];
        return groups.every(({ positions }) => positions.every(({ lag: behind }) => behind === 0));
      },
      STEP_MS,
      1000,
    );
    const check = await checkStream(await readClusterLog(programs, features, brokers), {
      ...{ sets: ['core-v1', 'micro-v1'], bar: { by: 'time', intervalMs: 1000 }, allowedLatenessMs: 250 },
    });
    figures['stream'] = check;
    expect(check).toMatchObject({ lost: 0, doubled: 0, different: 0 });
    expect(check.vectors).toBeGreaterThan(100);
  });

  it('is left as it was, but for what stays by intent', async () => {
    await programs.kubectl(['delete', 'tradingmodel', MODEL, '--wait=true', '--timeout=120s']);
    await programs.helm(['uninstall', RELEASE, '--wait', '--timeout', '120s']);
    const kinds =
      'deployments,statefulsets,services,pods,configmaps,secrets,serviceaccounts,roles,rolebindings,jobs,networkpolicies,poddisruptionbudgets,horizontalpodautoscalers,leases';
    const left = await eventually(
      async () => {
        const { items } = await programs.json(['get', kinds]);
        const names = items.map(
          ({ kind, metadata }: { kind: string; metadata: { name: string } }) => `${kind} ${metadata.name}`,
        );
        expect(names.filter((name: string) => !OURS.test(name)).toSorted()).toEqual(STAYS);
        return names;
      },
      120_000,
      1000,
    );
    expect(left.length).toBeGreaterThan(0);
    const definitions = await programs.kubectl(['get', 'customresourcedefinitions', '--output', 'name']);
    expect(definitions).toContain('tradingmodels.tradewind.dev');
  });
});

/** Objects of the test itself, and of every namespace. */
const OURS = new RegExp(`^ConfigMap (${MODEL}-v\\d|load|kube-root-ca.crt)$|^ServiceAccount default$`);
/** What the installation guide says that stays in the namespace. */
const STAYS = ['Lease tradewind-controller'];

function splitImage(image: string): readonly [string, string] {
  const at = image.lastIndexOf(':');
  return at > image.lastIndexOf('/') ? [image.slice(0, at), image.slice(at + 1)] : [image, 'latest'];
}
