import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import {
  MID_ROLLOUT,
  modelWith,
  podOf,
  READY,
  SPEC,
  STABLE,
  UPDATE,
} from '../../cmd/tradewind/kubectl/model-view.testing.ts';
import type { ActionRequest } from '../../cmd/tradewind/kubectl/action.ts';
import { recordOf } from '../../pkg/operator/objects/revision-objects.ts';
import { modelSpec } from '../../pkg/tradingmodel/specs.testing.ts';
import type { LastAction } from '../../pkg/tradingmodel/status.ts';
import { KUBERNETES_TIMEOUT_MS, type KubernetesServer, startKubernetes } from '../servers/kubernetes.ts';
import { type Finished, runCli, startCli } from '../support/cli.ts';
import { eventually } from '../support/eventually.ts';

/*
 * `tradewind` as the plug-in of kubectl against a real API server. The test plays the controller: it writes the status.
 */

const MERGE = 'application/merge-patch+json';
const NAME = 'es-direction';
/** Programs start slowly on machines that are busy. */
const START_MS = 60_000;

let cluster: KubernetesServer;
let models: string;
let desk: string;

const tradewind = (...args: string[]): Promise<Finished> =>
  runCli([...args, '--kubeconfig', cluster.kubeconfig, '--namespace', desk]);

async function told(
  method: string,
  path: string,
  body?: object,
  type?: string,
): Promise<ReturnType<typeof JSON.parse>> {
  const answer = await cluster.api(method, path, body, type);
  if (answer.status >= 300)
    throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
}

const writeStatus = (status: object): Promise<unknown> =>
  told('PATCH', `${models}/${NAME}/status`, { status }, MERGE);

/** Runs a command that asks for an action, and answers it as the controller would. */
async function answered(
  args: readonly [string, ...string[]],
  answer: Pick<LastAction, 'result' | 'message'>,
): Promise<{ readonly finished: Finished; readonly request: ActionRequest }> {
  const before = (await told('GET', `${models}/${NAME}`)).metadata.annotations?.['tradewind.dev/action'];
  const finished = tradewind(...args, '--timeout', '60s');
  const request = await eventually<ActionRequest | undefined>(async () => {
    const text = (await told('GET', `${models}/${NAME}`)).metadata.annotations?.['tradewind.dev/action'];
    return text === before ? undefined : (JSON.parse(text as string) as ActionRequest);
  }, START_MS);
  const { type, nonce, requestedBy } = request;
  await writeStatus({ lastAction: { type, nonce, requestedBy, at: '2026-11-26T09:30:00Z', ...answer } });
  return { finished: await finished, request };
}

beforeAll(async () => {
  cluster = await startKubernetes();
  desk = await cluster.namespace('bare');
}, KUBERNETES_TIMEOUT_MS);
afterAll(async () => cluster?.stop());

describe('without the definitions', () => {
  it('says how they are installed', async () => {
    const { code, stderr } = await tradewind('get', 'model', NAME);
    expect(stderr).toMatch(/^tradewind: DefinitionMissing: [^\n]*kubectl apply -k k8s\/crds[^\n]*\n$/);
    expect(code).toBe(5);
  });
});

describe('with a model in mid-rollout', () => {
  beforeAll(async () => {
    const definition: object = parse(readFileSync('k8s/crds/tradewind.dev_tradingmodels.yaml', 'utf8'));
    await told('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', definition);
    desk = await cluster.namespace('desk');
    models = `/apis/tradewind.dev/v1alpha1/namespaces/${desk}/tradingmodels`;
    const { apiVersion, kind } = modelWith(undefined);
    const model = { apiVersion, kind, metadata: { name: NAME }, spec: SPEC };
    const made = await eventually(async () => {
      const { status, body } = await cluster.api('POST', models, model);
      return status === 201 ? body : undefined;
    }, START_MS);
    await writeStatus({ ...MID_ROLLOUT, observedGeneration: 1 });
    const labelled = (name: string) => ({ name, labels: { 'tradewind.dev/model': NAME } });
    for (const [name, number] of [
      [STABLE, 2],
      [UPDATE, 3],
    ] as const)
      await told(
        'POST',
        `/apis/apps/v1/namespaces/${desk}/controllerrevisions`,
        recordOf(made, name, number, modelSpec()),
      );
    const { metadata } = podOf(STABLE, 'a');
    const containers = [{ name: 'predictor', image: 'tradewind' }];
    const pods = `/api/v1/namespaces/${desk}/pods`;
    const meta = { ...labelled(metadata.name), labels: { ...labelled('').labels, ...metadata.labels } };
    // No controller makes it, and pods need one.
    await told('POST', `/api/v1/namespaces/${desk}/serviceaccounts`, { metadata: { name: 'default' } });
    await told('POST', pods, {
      ...{ apiVersion: 'v1', kind: 'Pod', metadata: meta },
      spec: { containers, nodeName: 'node-1', automountServiceAccountToken: false },
    });
    await told(
      'PATCH',
      `${pods}/${metadata.name}/status`,
      { status: { phase: 'Running', conditions: READY?.conditions } },
      MERGE,
    );
  });

  it('shows it as a tree, without colours in a pipe', async () => {
    const { code, stdout, stderr } = await tradewind('get', 'model', NAME);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    // How long the step lasts by now is another each time.
    expect(
      stdout.replaceAll(desk, 'desk').replace(/for [0-9dhms]+ now/, 'for TIME now'),
    ).toMatchInlineSnapshot(`
      "es-direction  in desk
      ├── rollout      Paused  step 3/4: analysis for 10m, for TIME now
      │   └── Inconclusive  metrics say neither yes nor no: evidence or \`promote\` goes on
      ├── traffic      75 % es-direction-11111111, 25 % es-direction-22222222  generation 7, followed by every gateway
      ├── revisions
      │   ├── #1  2026-11-01  kept    -     no pods            es-direction-00000000
      │   ├── #2  2026-11-20  stable  75 %  2/2 ready  warm    es-direction-11111111
      │   │   └── pod es-direction-11111111-a  Running  ready  on node-1
      │   └── #3  2026-11-26  update  25 %  1/2 ready  failed  es-direction-22222222
      │       ├── answers YM
      │       └── failed at 2026-11-26T09:00:00Z in es-direction-22222222-x: DigestMismatch: digest must be a, was b
      ├── analysis     since 2026-11-26T09:00:00Z
      │   ├── latency-p99  Successful    8.123  stable 8.01  at most 10, at most 1.2 x stable  900 samples
      │   └── errors       Inconclusive  0                   at most 0.001                     120 of 500 samples  too few samples
      ├── conditions
      │   ├── Ready        True   StableServes    es-direction-11111111 answers
      │   └── ModelLoaded  False  DigestMismatch  one pod has failed
      └── last action  promote Refused  at 2026-11-26T09:00:00Z by kim: nothing waits for a person
      "
    `);
  });

  it('shows it as JSON', async () => {
    const { stdout } = await tradewind('get', 'model', NAME, '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      ...{ name: NAME, namespace: desk, generation: 1, status: { trafficGeneration: 7 } },
      symbols: { [UPDATE]: [expect.any(String)] },
      pods: [{ name: `${STABLE}-a`, revision: STABLE, isReady: true }],
    });
  });

  it('follows it, a block for each change, until it is interrupted', async () => {
    const args = ['get', 'model', NAME, '--watch', '--kubeconfig', cluster.kubeconfig, '-n', desk];
    const running = startCli(args);
    await eventually(() => running.stdout().includes('25 % es-direction-22222222'), START_MS);
    await writeStatus({
      traffic: [
        { revision: STABLE, weight: 50 },
        { revision: UPDATE, weight: 50 },
      ],
    });
    await eventually(() => running.stdout().includes('50 % es-direction-22222222'), START_MS);
    running.child.kill('SIGINT');
    const { code, stdout } = await running.finished;
    expect(code).toBe(0);
    expect(stdout.split('\n\n').filter((block) => block !== '')).toHaveLength(2);
    await writeStatus({ traffic: MID_ROLLOUT.traffic });
  });

  it('promotes, and says what the controller answers', async () => {
    const { finished, request } = await answered(['promote', NAME], {
      result: 'Accepted',
      message: 'goes on from step 4',
    });
    expect(finished).toEqual({
      code: 0,
      stdout: `promote of ${NAME} accepted: goes on from step 4\n`,
      stderr: '',
    });
    // The API server itself has said who asks, and of which object.
    const user = cluster.auditEvents().find(({ verb }) => verb === 'patch')?.user;
    const { uid } = (await told('GET', `${models}/${NAME}`)).metadata;
    expect(request).toEqual({
      ...{ type: 'promote', uid, nonce: expect.any(String), requestedBy: user?.username },
    });
  });

  it('promotes in full and undoes to a number by what the controller reads', async () => {
    const full = await answered(['promote', '--full', NAME, '--json'], { result: 'Accepted' });
    expect(full.request.type).toBe('promote-full');
    expect(JSON.parse(full.finished.stdout)).toMatchObject({
      name: NAME,
      result: 'Accepted',
      nonce: full.request.nonce,
    });
    const undone = await answered(['undo', NAME, '--to-revision', '2'], { result: 'Accepted' });
    expect(undone.request).toMatchObject({ type: 'undo', toRevision: 2 });
    expect(undone.request.nonce).not.toBe(full.request.nonce);
  });

  it('ends with 5 and the reason when the controller refuses', async () => {
    const { finished } = await answered(['abort', NAME], {
      result: 'Refused',
      message: 'no rollout is under way',
    });
    expect(finished).toEqual({
      ...{ code: 5, stdout: '' },
      stderr: `tradewind: ActionRefused: abort of ${NAME} must be possible, was refused: no rollout is under way\n`,
    });
  });

  it('ends with 8 when no controller answers, and does not wait where it is not to', async () => {
    const late = await tradewind('retry', NAME, '--timeout', '500ms');
    expect(late.stderr).toMatch(/^tradewind: ActionUnanswered: [^\n]* 0\.5 s, has not[^\n]*\n$/);
    expect(late.code).toBe(8);
    expect(await tradewind('pause', NAME, '--no-wait')).toMatchObject({ code: 0, stderr: '' });
  });

  it('tells the history', async () => {
    const { stdout } = await tradewind('history', NAME);
    expect(stdout).toMatchInlineSnapshot(`
      "NUMBER  VERSION     DIGEST               ROLE    PROMOTED AT           UNDO  NAME
      1       2026-11-01  -                    kept    -                     no    es-direction-00000000
      2       2026-11-20  sha256:0123456789ab  stable  2026-11-20T10:00:00Z  yes   es-direction-11111111
      3       2026-11-26  sha256:0123456789ab  update  -                     yes   es-direction-22222222
      "
    `);
  });

  it('sets another version, unless the API server refuses it', async () => {
    const digest = `sha256:${'ab'.repeat(32)}`;
    const uri = 's3://models/es/2026-11-27/';
    const set = await tradewind('set', 'version', NAME, '2026-11-27', '--uri', uri, '--digest', digest);
    expect(set).toEqual({ code: 0, stdout: `${NAME} wants version 2026-11-27\n`, stderr: '' });
    const { model } = (await told('GET', `${models}/${NAME}`)).spec;
    expect(model).toMatchObject({ version: '2026-11-27', uri, digest });

    const refused = await tradewind('set', 'version', NAME, '-', '--uri', 'ftp://x');
    expect(refused.code).toBe(3);
    expect(refused.stderr).toMatch(
      /^tradewind: SpecRefused: [^\n]*spec\.model\.uri: [^\n]*must be a file, https, s3[^\n]*spec\.model\.version: [^\n]*letters[^\n]*\n$/,
    );
    expect((await told('GET', `${models}/${NAME}`)).spec.model).toEqual(model);
  });

  it('ends with 4 for a model that is not there, whatever is asked', async () => {
    for (const words of [['get', 'model'], ['abort'], ['history'], ['set', 'version']]) {
      const more = words[0] === 'set' ? ['1'] : [];
      const { code, stderr } = await tradewind(...words, 'absent', ...more);
      expect(stderr).toBe(
        `tradewind: ModelUnknown: namespace '${desk}' must have a TradingModel 'absent', has none\n`,
      );
      expect(code).toBe(4);
    }
  });

  it('says in one line that the user may not, and shows a model without pods that may not be read', async () => {
    const rules = [{ apiGroups: ['tradewind.dev'], resources: ['tradingmodels'], verbs: ['get'] }];
    const reader = await cluster.serviceAccount('readers', 'reader', rules);
    const as = (...args: string[]): Promise<Finished> =>
      runCli([...args, '--kubeconfig', reader.kubeconfig, '-n', desk]);
    const shown = await as('get', 'model', NAME);
    expect(shown).toMatchObject({ code: 0, stderr: '' });
    expect(shown.stdout).toContain('pods are not shown: the user may not list them');
    const { code, stderr } = await as('promote', NAME);
    expect(stderr).toMatch(/^tradewind: KubeForbidden: [^\n]*readers:reader[^\n]*cannot patch[^\n]*\n$/);
    expect(code).toBe(5);
  });

  it('follows a model past a cluster that goes away, until the model is gone', async () => {
    const args = ['get', 'model', NAME, '--watch', '--json', '--kubeconfig', cluster.kubeconfig, '-n', desk];
    const running = startCli(args);
    const last = (): { readonly trouble?: string } | undefined => {
      const line = running.stdout().trimEnd().split('\n').at(-1)!;
      return line === '' ? undefined : (JSON.parse(line) as { readonly trouble?: string });
    };
    await eventually(() => last() !== undefined, START_MS);
    await cluster.crash();
    await eventually(() => last()?.trouble === 'KubeUnavailable', START_MS);
    await cluster.restart();
    await eventually(() => last()?.trouble === undefined, START_MS);
    await told('DELETE', `${models}/${NAME}`);
    const { code, stderr } = await running.finished;
    expect(stderr).toMatch(/^tradewind: ModelUnknown: [^\n]*has none\n$/);
    expect(code).toBe(4);
  }, 240_000);

  it('says in one line that the cluster is away, or the context is', async () => {
    const away = cluster.writeKubeconfig('away', { server: 'https://127.0.0.1:1' });
    const dead = await runCli(['get', 'model', NAME], { KUBECONFIG: away });
    expect(dead.stderr).toMatch(/^tradewind: KubeUnavailable: [^\n]*ECONNREFUSED[^\n]*\n$/);
    expect(dead.code).toBe(7);
    const lost = await runCli(['get', 'model', NAME, '--context', 'other'], { KUBECONFIG: away });
    expect(lost.stderr).toMatch(/^tradewind: KubeconfigInvalid: [^\n]*'other', only test\n$/);
    expect(lost.code).toBe(2);
  });
});

it('is found by kubectl under its own name', async () => {
  const { name, bin } = JSON.parse(readFileSync('package.json', 'utf8')) as {
    name: string;
    bin: Record<string, string>;
  };
  expect(Object.keys(bin)).toEqual([`kubectl-${name}`, name]);
  const { stdout } = await runCli(['history', '--help'], {}, join(process.cwd(), bin[`kubectl-${name}`]!));
  expect(stdout).toMatch(/^Usage: kubectl tradewind history /);
});
