/**
 * The whole system on a cluster, as somebody installs and uses it. `make e2e` runs it on the cluster of KUBECONFIG; the tests are steps, each of which
 * begins where the one before ended.
 */
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { formatBarClock } from '../../../pkg/features/bar-clock.ts';
import { History } from '../../../pkg/history/history.ts';
import { PredictionService } from '../../../proto/gen/tradewind/v1/prediction_pb.ts';
import { createRpcClient } from '../../../pkg/rpc/client.ts';
import { clusterTool } from '../../servers/tools.ts';
import { eventually } from '../../support/eventually.ts';
import { checkStream } from '../../support/stream-check.ts';
import { readClusterLog } from './cluster-log.ts';
import { listeningPorts, observedEdges, openableEdges } from './edges.ts';
import {
  EDGES,
  NEIGHBOUR_EDGES,
  PORTS,
  SERVER_PORTS,
  SHORT_EDGES,
  STRANGER_EDGES,
} from './expected-edges.ts';
import { checkHistory } from './history-check.ts';
import { type LoadCounts, LoadPod } from './load-pod.ts';
import { makeVersions, MODEL, SYMBOLS, type TestVersion, tradingModel } from './models.ts';
import { nodePod } from './node-pod.ts';
import { portForward } from './port-forward.ts';
import { printState } from './print-state.ts';
import { Programs } from './programs.ts';
import { ResourceSampler, writeResources } from './resources.ts';
import { boundAccounts, componentsWithToken, rightsOf } from './rights.ts';
import { ServedModel, versionOf } from './served-model.ts';
import { settingsOf } from './settings.ts';
import { askByTriton } from './triton.ts';

const RELEASE = 'tradewind';
const PER_SECOND = 60;
/** So much that two predictors are busier than an autoscaler wants those to be that ask for so little. */
const MANY_PER_SECOND = 600;
const RANGE = { maxReplicas: 4, cpu: '25m' };
/** What autoscalers read processor time from. */
const METRICS = 'metrics.k8s.io';
const STEP_MS = 300_000;
const settings = settingsOf(process.env);
const LOAD = { image: settings.image, address: `${RELEASE}-gateway:50051`, model: MODEL, symbols: SYMBOLS };
const PREDICTORS = 'app.kubernetes.io/name=tradewind-predictor';
const programs = new Programs(
  { helm: clusterTool('helm'), kubectl: clusterTool('kubectl') },
  settings.namespace,
);
const [repository, tag] = splitImage(settings.image);
const VALUES = [
  ...['--values', 'charts/tradewind/values-trial.yaml'],
  ...['--set', `image.repository=${repository},image.tag=${tag}`],
  ...['--set', `trial.kafka.image=${settings.kafkaImage},trial.redis.image=${settings.redisImage}`],
  ...['--set', `trial.clickhouse.image=${settings.clickhouseImage}`],
  ...['--set', 'gateway.replicas=2,collector.config.simulator.historySeconds=120'],
];
const LOOKS = 5;
/** What runs while predictions are asked for. */
const COMPONENTS = [
  ...['clickhouse', 'collector', 'controller', 'features', 'gateway', 'kafka', 'recorder', 'redis'],
  'tradewind-predictor',
];
/** Rights that nothing here has occasion for. */
const UNUSED: Readonly<Record<'controller' | 'gateway', readonly string[]>> = {
  // No request has it: the API server looks at it where OwnerReferencesPermissionEnforcement is on.
  controller: ['tradewind.dev tradingmodels/finalizers update'],
  gateway: [],
};

const served = new ServedModel(programs, MODEL);

describe('an empty cluster', { timeout: 2 * STEP_MS }, () => {
  let versions: Readonly<Record<'first' | 'second' | 'worse' | 'last', TestVersion>>;
  let load: LoadPod;
  let sampler: ResourceSampler;
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
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') await printState(programs);
  });
  afterAll(async () => {
    programs.end();
    await rm(folder, { recursive: true, force: true });
    console.log(JSON.stringify(figures));
  });

  it('predicts soon after helm install and kubectl apply', async () => {
    const startMs = performance.now();
    await programs.helm(['install', RELEASE, 'charts/tradewind', ...VALUES]);
    await programs.apply(tradingModel(versions.first));
    await eventually(
      async () => (await programs.pods('app.kubernetes.io/component=gateway')).length > 0,
      STEP_MS,
    );
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
    const [predictor] = await programs.pods(PREDICTORS);
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

  it('can open no other connection, and strangers none but those that are for all', async (context) => {
    if (!settings.hasPolicies) return context.skip('E2E_POLICIES does not say that policies are enforced');
    expect(await listeningPorts(programs)).toEqual(PORTS);
    const strangers = {
      neighbour: { namespace: settings.namespace, pod: 'neighbour' },
      stranger: { namespace: `${settings.namespace}-stranger`, pod: 'stranger' },
    };
    await programs.apply({
      ...{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: strangers.stranger.namespace } },
    });
    for (const { namespace, pod } of Object.values(strangers)) {
      const idle = nodePod(pod, settings.image, ['-e', 'setInterval(() => {}, 1000)']);
      await programs.kubectl(['apply', '--filename', '-', '--namespace', namespace], JSON.stringify(idle));
      await programs.kubectl(['wait', '--for=condition=Ready', 'pod', pod, '--timeout=60s', '-n', namespace]);
    }
    const expected = [...EDGES, ...SHORT_EDGES, ...NEIGHBOUR_EDGES, ...STRANGER_EDGES].toSorted();
    // Whoever enforces policies hears of a new pod a moment later.
    await eventually(
      async () => {
        const edges = await openableEdges(programs, { ...PORTS, ...SERVER_PORTS }, strangers);
        expect([...edges].toSorted()).toEqual(expected);
        return true;
      },
      60_000,
      1000,
    );
    await programs.kubectl(['delete', 'pod', strangers.neighbour.pod]);
    await programs.kubectl(['delete', 'namespace', strangers.stranger.namespace]);
  });

  const expectNoneLost = ({ failures, abstained }: LoadCounts): void =>
    expect({ failures, abstained }).toEqual({ failures: {}, abstained: {} });

  it('takes a new version up by steps while a predictor and the controller are killed; no prediction fails', async () => {
    load = await LoadPod.start(programs, { ...LOAD, perSecond: PER_SECOND });
    sampler = ResourceSampler.start(programs, settings.namespace);
    await programs.apply(tradingModel(versions.second));
    await eventually(
      async () => (await served.status()).traffic?.some(({ weight }) => weight === 25),
      STEP_MS,
      250,
    );
    await programs.killOne(`tradewind.dev/revision=${(await served.status()).stableRevision}`);
    await programs.killOne('app.kubernetes.io/component=controller');
    await served.untilStable('v2', STEP_MS);
    const counts = await load.predictions(5 * PER_SECOND);
    figures['canary'] = counts;
    expectNoneLost(counts);
  });

  it('goes on while the kubelet restarts', async (context) => {
    if (settings.restartNode === undefined) return context.skip('E2E_RESTART_NODE names no command');
    expect(spawnSync('sh', ['-c', settings.restartNode], { encoding: 'utf8' })).toMatchObject({ status: 0 });
    const counts = await load.predictions(10 * PER_SECOND);
    expectNoneLost(counts);
  });

  it('takes a worse version back by its analysis; no prediction fails', async () => {
    await programs.apply(tradingModel(versions.worse));
    const status = await eventually(
      async () => {
        const now = await served.status();
        return now.rollout?.phase === 'Aborted' && now;
      },
      STEP_MS,
      500,
    );
    expect(status.rollout?.abortReason).toBe('AnalysisFailed');
    expect(versionOf(status, status.stableRevision)).toBe('v2');
    const counts = await load.predictions(5 * PER_SECOND);
    figures['rollback'] = { ...counts, message: status.rollout?.abortMessage };
    expectNoneLost(counts);
  });

  it('takes a version up at once where the model has no steps; no prediction fails', async () => {
    await programs.apply(tradingModel(versions.last, { isAtOnce: true }));
    await served.untilStable('v4', STEP_MS);
    const counts = await load.predictions(5 * PER_SECOND);
    expectNoneLost(counts);
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
    const resources = await sampler.stop();
    writeResources('out/e2e/resources.json', resources);
    expect(Object.keys(resources)).toEqual([...COMPONENTS]);
  });

  it('has an autoscaler where the model has a range of pods', async () => {
    await programs.apply(tradingModel(versions.last, { isAtOnce: true, ...RANGE }));
    const { spec } = await eventually(() => served.autoscaler(), STEP_MS, 500);
    expect(spec).toMatchObject({ minReplicas: 2, maxReplicas: RANGE.maxReplicas });
  });

  it('gets more pods under load, where the cluster has the metrics API', async (context) => {
    if (!(await hasApi(programs, METRICS))) return context.skip(`the cluster has no ${METRICS}`);
    load = await LoadPod.start(programs, { ...LOAD, perSecond: MANY_PER_SECOND });
    const { status } = await eventually(
      async () => {
        const found = await served.autoscaler();
        return found.status?.desiredReplicas > 2 && found;
      },
      STEP_MS,
      1000,
    );
    const { conditions, currentMetrics } = status;
    figures['autoscaler'] = { replicas: status.desiredReplicas, currentMetrics };
    expect(conditions).toContainEqual(expect.objectContaining({ type: 'ScalingActive', status: 'True' }));
    await eventually(async () => (await served.autoscaler()).status.currentReplicas > 2, STEP_MS, 1000);
    await load.stop();
  });

  it('gets fewer pods without load, where the cluster has the metrics API', async (context) => {
    if (!(await hasApi(programs, METRICS))) return context.skip(`the cluster has no ${METRICS}`);
    // Kubernetes looks back for five minutes by default.
    await eventually(
      async () => (await served.autoscaler()).status?.desiredReplicas === 2,
      1.5 * STEP_MS,
      1000,
    );
    await eventually(async () => (await served.autoscaler()).status.currentReplicas === 2, STEP_MS, 1000);
  });

  it('goes back to its number of pods where the range is taken away', async () => {
    await programs.apply(tradingModel(versions.last, { isAtOnce: true }));
    await eventually(async () => (await served.autoscalers()).length === 0, STEP_MS, 500);
    await eventually(async () => (await programs.pods(PREDICTORS)).length === 2, STEP_MS, 500);
  });

  it('gives a token of the API server to controller and gateways alone', async () => {
    const components = ['controller', 'gateway'];
    expect(await componentsWithToken(programs)).toEqual(components);
    expect(await boundAccounts(programs)).toEqual(components.map((name) => `${RELEASE}-${name}`));
  });

  it('has lost no event and doubled none, in the log and in history', async () => {
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
    const log = await readClusterLog(programs, features, brokers);
    const bar = { by: 'time', intervalMs: 1000 } as const;
    const check = await checkStream(log, { sets: ['core-v1', 'micro-v1'], bar, allowedLatenessMs: 250 });
    figures['stream'] = check;
    expect(check).toMatchObject({ lost: 0, doubled: 0, different: 0 });
    expect(check.vectors).toBeGreaterThan(100);

    const forward = await portForward(programs, `service/${RELEASE}-clickhouse`, 8123);
    const address = { url: `http://${forward.address}`, username: 'default', password: '' };
    const history = await History.open({ ...address, database: 'tradewind' });
    const recorded = await checkHistory(log, history, formatBarClock(bar));
    figures['history'] = recorded;
    expect(recorded).toMatchObject({ lost: 0, doubled: 0, different: 0 });
    expect(recorded.rows.features).toBe(check.vectors);
    await history.close();
    forward.stop();
  });

  it('takes a model away', async () => {
    await programs.kubectl(['delete', 'tradingmodel', MODEL, '--wait=true', '--timeout=120s']);
  });

  it('has asked of the API server what its roles allow, and needed every right', async (context) => {
    const { auditLog } = settings;
    if (auditLog === undefined) return context.skip('E2E_AUDIT_LOG names no log of the API server');
    for (const account of ['controller', 'gateway'] as const) {
      const rights = await rightsOf(programs, `${RELEASE}-${account}`, auditLog);
      const needed = rights.allowed.filter((right) => !UNUSED[account].includes(right));
      expect({ account, ...rights }).toEqual({ account, allowed: rights.allowed, used: needed, refused: [] });
    }
  });

  it('is left as it was, but for what stays by intent', async () => {
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

async function hasApi(programs: Programs, group: string): Promise<boolean> {
  const { items } = await programs.json(['get', 'apiservices']);
  return items.some(({ spec }: { spec: { group: string } }) => spec.group === group);
}

function splitImage(image: string): readonly [string, string] {
  const at = image.lastIndexOf(':');
  return at > image.lastIndexOf('/') ? [image.slice(0, at), image.slice(at + 1)] : [image, 'latest'];
}
