import { describe, expect, it } from 'vitest';

import { revisionSource } from '../../tradingmodel/revision.ts';
import { tradingModelSpecSchema } from '../../tradingmodel/spec.ts';
import { matches } from '../matches.ts';
import type { Container } from '../kinds.ts';
import type { PredictorSettings } from './pod-template.ts';
import {
  autoscalerOf,
  deploymentOf,
  disruptionBudgetOf,
  recordedSource,
  recordOf,
  serviceOf,
} from './revision-objects.ts';

const DIGEST = `sha256:${'ab'.repeat(32)}`;
const SETTINGS: PredictorSettings = {
  image: 'tradewind:1',
  imagePullPolicy: 'IfNotPresent',
  env: { TRADEWIND_ARTIFACT_S3_REGION: 'eu-1' },
  listenAddress: '0.0.0.0',
  ...{ tlsSecretName: '', priorityClassName: '', imagePullSecrets: [] },
  terminationGraceSeconds: 30,
};

function revisionOf(model: object = {}, serving: object = {}) {
  const spec = tradingModelSpecSchema.parse({
    symbols: ['ES'],
    model: { version: '1', uri: 's3://models/es/1/', digest: DIGEST, ...model },
    serving,
  });
  const owner = {
    ...{ apiVersion: 'tradewind.dev/v1alpha1', kind: 'TradingModel', spec },
    metadata: { name: 'es', namespace: 'desk', uid: 'u-1' },
  };
  return { spec, of: { owner, revision: 'es-1', source: revisionSource(spec), settings: SETTINGS } };
}

const podOf = (model: object = {}, serving: object = {}) =>
  deploymentOf(revisionOf(model, serving).of, 'stable').spec.template.spec;
const envOf = (container: Container | undefined) =>
  Object.fromEntries(
    (container?.env ?? []).map((one) => {
      const { name, value } = one as { name: string; value?: string };
      return [name, value];
    }),
  );

describe('the pods of a revision', () => {
  it('have no privilege, no token, and nothing to write to but a cache', () => {
    const pod = podOf();
    expect(pod).toMatchObject({
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    });
    expect(pod.containers).toHaveLength(1);
    expect(pod.containers[0]).toMatchObject({
      securityContext: {
        ...{ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true },
        capabilities: { drop: ['ALL'] },
      },
      volumeMounts: [{ name: 'cache' }],
    });
  });

  it('are told what to serve and what it must be', () => {
    const contract = { featureSet: 'core-v1', inputs: 24 };
    expect(envOf(podOf({ contract }, { threads: 2, batching: { maxSize: 8 } }).containers[0])).toMatchObject({
      TRADEWIND_MODEL_URIS: 's3://models/es/1/',
      TRADEWIND_MODEL_NAME: 'es',
      TRADEWIND_MODEL_DIGEST: DIGEST,
      TRADEWIND_MODEL_THREADS: '2',
      TRADEWIND_MODEL_MAX_BATCH_ROWS: '8',
      TRADEWIND_MODEL_CONTRACT_FEATURE_SET: 'core-v1',
      TRADEWIND_MODEL_CONTRACT_INPUTS: '24',
      TRADEWIND_ARTIFACT_VERIFICATION: 'Enforce',
      TRADEWIND_ARTIFACT_S3_REGION: 'eu-1',
    });
  });

  it('are given the files that the address, the key and the credentials ask for, to read', () => {
    const pod = podOf({
      signature: { publicKeySecretRef: { name: 'keys', key: 'cosign.pub' } },
      credentialsSecretRef: { name: 'store' },
    });
    expect(pod['volumes']).toMatchObject([
      { name: 'cache', emptyDir: {} },
      { name: 'key', secret: { secretName: 'keys' } },
      { name: 'credentials', secret: { secretName: 'store' } },
    ]);
    expect(envOf(pod.containers[0])).toMatchObject({
      TRADEWIND_ARTIFACT_PUBLIC_KEY_FILE: '/var/run/secrets/tradewind/key/cosign.pub',
      TRADEWIND_ARTIFACT_S3_CREDENTIALS_DIR: '/var/run/secrets/tradewind/credentials',
    });
    expect(podOf({ uri: 'pvc://claim/es/1' })['volumes']).toContainEqual({
      ...{ name: 'claim', persistentVolumeClaim: { claimName: 'claim', readOnly: true } },
    });
    const mapped = podOf({ uri: 'configmap://es-map' });
    expect(mapped['volumes']).toContainEqual({ name: 'model', configMap: { name: 'es-map' } });
    expect(mapped.containers[0]!['volumeMounts']).toContainEqual({
      ...{ name: 'model', mountPath: '/mnt/configmap/es-map', readOnly: true },
    });
  });

  it('show a certificate and ask for one, are pulled by secrets and go first, where the controller is told so', () => {
    const { of } = revisionOf();
    const settings = {
      ...of.settings,
      ...{ tlsSecretName: 'certs', priorityClassName: 'trading', imagePullSecrets: ['registry'] },
    };
    const { spec } = deploymentOf({ ...of, settings }, 'stable').spec.template;
    expect(spec).toMatchObject({ priorityClassName: 'trading', imagePullSecrets: [{ name: 'registry' }] });
    expect(spec['volumes']).toContainEqual({ name: 'tls', secret: { secretName: 'certs' } });
    const folder = '/var/run/secrets/tradewind/tls';
    expect(spec.containers[0]!['volumeMounts']).toContainEqual({
      name: 'tls',
      mountPath: folder,
      readOnly: true,
    });
    expect(envOf(spec.containers[0])).toMatchObject({
      TRADEWIND_GRPC_CERT_FILE: `${folder}/tls.crt`,
      TRADEWIND_GRPC_KEY_FILE: `${folder}/tls.key`,
      TRADEWIND_GRPC_CLIENT_CA_FILE: `${folder}/ca.crt`,
    });
  });

  it('do not change with role, symbols or replicas: a promotion restarts nothing', () => {
    const { of, spec } = revisionOf();
    const other = { ...of, source: revisionSource({ ...spec, symbols: ['NQ'] }) };
    expect(deploymentOf(of, 'update').spec).toEqual(deploymentOf(other, 'stable').spec);
  });
});

it('belong to the model, which they go with', () => {
  const { of } = revisionOf();
  for (const object of [deploymentOf(of, 'stable'), serviceOf(of), disruptionBudgetOf(of)])
    expect(object.metadata).toMatchObject({
      ...{ name: 'es-1', namespace: 'desk' },
      ownerReferences: [{ kind: 'TradingModel', name: 'es', uid: 'u-1', controller: true }],
    });
});

it('scale by one metric: requests in flight where a target is given, else the processor', () => {
  const scale = { kind: 'autoscaled', minReplicas: 2, maxReplicas: 8 } as const;
  const typesOf = (targetInFlight: number | undefined) =>
    (autoscalerOf(revisionOf().of, scale, targetInFlight).spec['metrics'] as { type: string }[]).map(
      ({ type }) => type,
    );
  expect(typesOf(8)).toEqual(['Pods']);
  expect(typesOf(undefined)).toEqual(['Resource']);
});

it('are recorded so that they can be gone back to', () => {
  const { of, spec } = revisionOf();
  const record = recordOf(of.owner, of.revision, 3, spec);
  expect(record.revision).toBe(3);
  expect(recordedSource(structuredClone(record))).toEqual(of.source);
  expect(matches(record, structuredClone(record))).toBe(true);
  expect(recordedSource({ ...record, data: { other: 1 } })).toBeUndefined();
});
