import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';

import type { Condition, RevisionStatus } from '../../tradingmodel/status.ts';
import { diagnose } from './diagnose.ts';
import { CASES } from './diagnose-cases.testing.ts';
import { ends, failedCreate, lease, policy, says } from './diagnose-parts.testing.ts';
import type { Installation } from './installation.ts';
import {
  crashing,
  installation,
  labelsOf,
  LONG_AGO,
  modelOf,
  notReady,
  NOW,
  podOf,
  workloadOf,
} from './installation.testing.ts';
import { REMEDIED } from './remedies.ts';
import { OF_PROCESSES } from './rights-needed.ts';

describe('a fault', () => {
  it.each(CASES.map(([situation, changes, ...wanted]) => ({ situation, changes, wanted })))(
    'is found where $situation',
    ({ changes, wanted }) => {
      const found = diagnose(installation(changes));
      expect(found.map(({ reason, object }) => [reason, object])).toEqual(
        wanted.map(([reason, object]) => [reason, object]),
      );
      for (const [at, [, , message, fix]] of wanted.entries()) {
        expect(found[at]).toMatchObject({ severity: 'fault' });
        expect(found[at]!.message).toMatch(message);
        expect(found[at]!.fix).toMatch(fix);
      }
    },
  );

  it('is told once of pods that fail alike', () => {
    const status = crashing({ exitCode: 2, message: 'tradewind: ConfigInvalid: wrong' });
    const pods = ['a', 'b', 'c'].map((name) => {
      const pod = podOf('features', status);
      return { ...pod, metadata: { ...pod.metadata, name } };
    });
    const found = diagnose(installation({ pods: [podOf('controller'), podOf('gateway'), ...pods] }));
    expect(found).toEqual([expect.objectContaining({ object: 'pod/a', count: 3 })]);
  });

  it('of an artifact is told once, by its model', () => {
    const lastFailure = { reason: 'DigestMismatch', message: 'must be a, was b', time: NOW };
    const revision: RevisionStatus = {
      ...({ name: 'es-1', number: 1, version: '1', role: 'update', weight: 0 } as const),
      ...({ replicas: 1, readyReplicas: 0, modelState: 'failed', lastFailure } as const),
    };
    const stalled: Condition = {
      ...({ type: 'Stalled', status: 'True', reason: 'ArtifactRejected', message: 'must be a' } as const),
      ...{ observedGeneration: 1, lastTransitionTime: NOW },
    };
    const pod = podOf('predictor', notReady({}));
    const labels = { 'tradewind.dev/model': 'es', 'tradewind.dev/revision': 'es-1' };
    const pods = [podOf('controller'), podOf('gateway'), { ...pod, metadata: { ...pod.metadata, labels } }];
    const found = diagnose(installation({ pods, ...says({ conditions: [stalled], revisions: [revision] }) }));
    expect(found.map(({ reason }) => reason)).toEqual(['ModelFailed']);
    const alone = diagnose(installation({ pods, ...says({ conditions: [stalled] }) }));
    expect(alone.map(({ reason }) => reason)).toEqual(['PodUnready', 'ModelStalled']);
  });

  it('of what others wrote is one line that steers no terminal', () => {
    const [found] = diagnose(
      installation(ends({ exitCode: 3, message: `\u001B[2Jbad\u0007\r${'x'.repeat(5000)}` })),
    );
    // oxlint-disable-next-line no-control-regex -- these must not be there
    expect(found!.message).toMatch(/^[^\u0000-\u001F]{1,300}$/);
  });
});

/** What is sound, or at least meant. */
const SOUND: readonly (readonly [string, Partial<Installation>])[] = [
  ['a sound one', {}],
  [
    'an old lease that is renewed: clocks differ',
    { ...lease(LONG_AGO), renewed: new Set(['tradewind-controller']) },
  ],
  [
    'a controller outside of the cluster that leads',
    { pods: [podOf('gateway')], deployments: [workloadOf('gateway')] },
  ],
  [
    'pods that an upgrade is about to replace',
    { pods: [podOf('controller'), podOf('gateway', {}, 'tradewind:0.0.9'), podOf('predictor')] },
  ],
  [
    'a kubelet that has not heard of a ConfigMap yet',
    {
      pods: [
        ...installation().pods,
        podOf('features', {
          ...notReady({ name: 'features', state: { waiting: { reason: 'ContainerCreating' } } }, 'Pending'),
          conditions: [{ type: 'Ready', status: 'False', lastTransitionTime: NOW }],
        }),
      ],
      events: [
        {
          ...failedCreate('x'),
          reason: 'FailedMount',
          involvedObject: { kind: 'Pod', name: 'tradewind-features-a' },
          message:
            'MountVolume.SetUp failed for volume "config": failed to sync configmap cache: timed out waiting for the condition',
        },
      ],
    },
  ],
  [
    'a pod that has just started',
    {
      pods: [
        ...installation().pods,
        podOf('features', {
          phase: 'Running',
          conditions: [{ type: 'Ready', status: 'False', lastTransitionTime: NOW }],
        }),
      ],
    },
  ],
  [
    'a pod that failed once, and is Ready now',
    {
      pods: [
        podOf('controller'),
        podOf('gateway', {
          containerStatuses: [
            { name: 'gateway', restartCount: 1, lastState: { terminated: { exitCode: 7, finishedAt: NOW } } },
          ],
        }),
      ],
    },
  ],
  [
    'pods of others',
    {
      pods: [
        ...installation().pods,
        { ...podOf('x', crashing({ exitCode: 1 })), metadata: { name: 'other' }, spec: { containers: [] } },
      ],
    },
  ],
  [
    'a pod that crashes and is being deleted',
    {
      pods: [
        ...installation().pods,
        {
          ...podOf('features', crashing({ exitCode: 1 })),
          metadata: { name: 'gone', deletionTimestamp: NOW },
        },
      ],
    },
  ],
  [
    'a failure of a revision that is warm by now',
    says({
      revisions: [
        {
          name: 'es-1',
          number: 1,
          version: '1',
          role: 'stable',
          weight: 100,
          replicas: 1,
          readyReplicas: 1,
          modelState: 'warm',
          lastFailure: { reason: 'SourceUnavailable', message: 'x', time: LONG_AGO },
        },
      ],
    }),
  ],
  [
    'policies that let the controller through',
    {
      policies: [
        policy('open', 'gateway', {
          ingress: [
            { from: [{ podSelector: { matchLabels: labelsOf('controller') } }], ports: [{ port: 'http' }] },
          ],
        }),
        policy('deny', 'gateway', {}),
        policy('predictors', 'predictor', { ingress: [{}] }),
      ],
    },
  ],
  [
    'limits that may not be read',
    { models: [modelOf({}, { risk: { limitsRef: { name: 'x' } } })], limits: undefined as never },
  ],
];

it.each(SOUND)('nothing is found at %s', (_, changes) => {
  expect(diagnose(installation(changes))).toEqual([]);
});

it('warns where something may be meant', () => {
  const bare = {
    models: [],
    pods: [podOf('controller'), podOf('gateway', { ...notReady({}), phase: 'Pending' })],
  };
  const may = {
    who: 'you',
    verb: 'patch',
    group: 'tradewind.dev',
    resource: 'tradingmodels',
    isAllowed: false,
  };
  const found = diagnose(installation({ ...bare, rights: [may], version: '0.2.0' }));
  expect(found.map(({ severity, reason }) => [severity, reason])).toEqual([
    ['fault', 'NoGatewayReady'],
    ['warning', 'RightsMissing'],
    ['warning', 'ClientDiffers'],
  ]);
});

it('has remedies for codes that there are', () => {
  const reference = readFileSync('docs/reference/errors.md', 'utf8');
  for (const code of REMEDIED) expect(reference).toContain(`| \`${code}\` |`);
});

it('asks for rights of processes that their roles grant', () => {
  const roles = parseAllDocuments(readFileSync('k8s/rbac.yaml', 'utf8'))
    .map(
      (document) =>
        document.toJS() as {
          kind: string;
          metadata: { name: string };
          rules: Record<'apiGroups' | 'resources' | 'verbs', string[]>[];
        },
    )
    .filter(({ kind }) => kind === 'Role');
  for (const [process, needs] of Object.entries(OF_PROCESSES)) {
    const { rules } = roles.find(({ metadata }) => metadata.name === `tradewind-${process}`)!;
    for (const [verb, group, resource] of needs)
      expect(rules, `${process}: ${verb} ${resource}`).toSatisfy((all: typeof rules) =>
        all.some(
          ({ apiGroups, resources, verbs }) =>
            apiGroups.includes(group) && resources.includes(resource) && verbs.includes(verb),
        ),
      );
  }
});
