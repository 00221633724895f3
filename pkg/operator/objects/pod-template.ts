import type { RevisionSource } from '../../tradingmodel/revision.ts';
import { GRPC_PORT, HTTP_PORT, MODEL_LABEL, type PodTemplate, REVISION_LABEL } from '../kinds.ts';

/** What every predictor pod of a cluster has in common. */
export interface PredictorSettings {
  /** Image of pods whose spec names none. */
  readonly image: string;
  readonly imagePullPolicy: 'Always' | 'IfNotPresent' | 'Never';
  /** Settings of the predictor beside those that the spec gives, by name of the environment, e.g. `TRADEWIND_ARTIFACT_S3_ENDPOINT`. */
  readonly env: Readonly<Record<string, string>>;
  /** What a pod's servers bind to: every address of IPv4, or of IPv6. */
  readonly listenAddress: string;
  /** Secret with tls.crt and tls.key of predictors and ca.crt of gateways, which must show a certificate then; plain text where empty. */
  readonly tlsSecretName: string;
  /** None where empty. */
  readonly priorityClassName: string;
  readonly imagePullSecrets: readonly string[];
  /** Time that a pod has to end what it does, seconds. */
  readonly terminationGraceSeconds: number;
}

const CACHE = '/var/cache/tradewind';
const SECRETS = '/var/run/secrets/tradewind';
const PVC_MOUNTS = '/mnt/pvc';
const CONFIG_MAP_MOUNTS = '/mnt/configmap';

/** Files that a pod must be given: where they come from, and where it finds them. */
interface Mount {
  readonly name: string;
  readonly path: string;
  readonly source: object;
}

/**
 * The pods of a revision: one predictor that fetches its model, and is Ready once it is warm. It has no token, no privilege and no
 * file system to write to but its cache, and spreads over zones and nodes.
 */
export function podTemplate(
  model: string,
  revision: string,
  source: RevisionSource,
  settings: PredictorSettings,
): PodTemplate {
  const labels = {
    'app.kubernetes.io/name': 'tradewind-predictor',
    'app.kubernetes.io/managed-by': 'tradewind',
    [MODEL_LABEL]: model,
    [REVISION_LABEL]: revision,
  };
  const mounts = [...mountsOf(source), ...tlsMount(settings)];
  const { priorityClassName, imagePullSecrets } = settings;
  const { resources } = source.serving;
  return {
    metadata: { labels },
    spec: {
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      ...(priorityClassName === '' ? {} : { priorityClassName }),
      ...(imagePullSecrets.length === 0
        ? {}
        : { imagePullSecrets: imagePullSecrets.map((name) => ({ name })) }),
      terminationGracePeriodSeconds: settings.terminationGraceSeconds,
      securityContext: {
        ...{ runAsNonRoot: true, runAsUser: 10_001, runAsGroup: 10_001, fsGroup: 10_001 },
        seccompProfile: { type: 'RuntimeDefault' },
      },
      topologySpreadConstraints: ['topology.kubernetes.io/zone', 'kubernetes.io/hostname'].map(
        (topologyKey) => ({
          ...{ maxSkew: 1, topologyKey, whenUnsatisfiable: 'ScheduleAnyway' },
          labelSelector: { matchLabels: { [REVISION_LABEL]: revision } },
        }),
      ),
      containers: [
        {
          name: 'predictor',
          image: source.serving.image ?? settings.image,
          imagePullPolicy: settings.imagePullPolicy,
          args: ['service', 'predictor'],
          env: environment(model, source, settings),
          ports: [
            { name: 'grpc', containerPort: GRPC_PORT, protocol: 'TCP' },
            { name: 'http', containerPort: HTTP_PORT, protocol: 'TCP' },
          ],
          // The one line that says why a process ended.
          terminationMessagePolicy: 'FallbackToLogsOnError',
          resources: { requests: resources.requests, limits: resources.limits },
          readinessProbe: { ...probe('/readyz'), periodSeconds: 2, failureThreshold: 2 },
          livenessProbe: { ...probe('/healthz'), periodSeconds: 10, failureThreshold: 6 },
          securityContext: {
            ...{ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true },
            capabilities: { drop: ['ALL'] },
          },
          volumeMounts: [
            { name: 'cache', mountPath: CACHE },
            ...mounts.map(({ name, path }) => ({ name, mountPath: path, readOnly: true })),
          ],
        },
      ],
      volumes: [
        { name: 'cache', emptyDir: {} },
        ...mounts.map((mount) => ({ name: mount.name, ...mount.source })),
      ],
    },
  };
}

function tlsMount({ tlsSecretName }: PredictorSettings): readonly Mount[] {
  if (tlsSecretName === '') return [];
  return [{ name: 'tls', path: `${SECRETS}/tls`, source: { secret: { secretName: tlsSecretName } } }];
}

const probe = (path: string): object => ({ httpGet: { path, port: 'http' }, timeoutSeconds: 2 });

/** In the order of names, so that the same settings make the same pods. */
function environment(
  model: string,
  { model: source, serving }: RevisionSource,
  settings: PredictorSettings,
): readonly object[] {
  const { digest, contract, signature, credentialsSecretRef } = source;
  const values: Record<string, string> = {
    ...settings.env,
    TRADEWIND_MODEL_URIS: source.uri,
    TRADEWIND_MODEL_NAME: model,
    TRADEWIND_MODEL_THREADS: String(serving.threads),
    TRADEWIND_MODEL_MAX_BATCH_ROWS: String(serving.batching.maxSize),
    TRADEWIND_ARTIFACT_VERIFICATION: source.verification,
    TRADEWIND_ARTIFACT_CACHE_DIR: CACHE,
    TRADEWIND_ARTIFACT_MOUNTS_PVC: PVC_MOUNTS,
    TRADEWIND_ARTIFACT_MOUNTS_CONFIGMAP: CONFIG_MAP_MOUNTS,
    TRADEWIND_GRPC_HOST: settings.listenAddress,
    TRADEWIND_GRPC_PORT: String(GRPC_PORT),
    TRADEWIND_HTTP_HOST: settings.listenAddress,
    TRADEWIND_HTTP_PORT: String(HTTP_PORT),
  };
  if (settings.tlsSecretName !== '') {
    values['TRADEWIND_GRPC_CERT_FILE'] = `${SECRETS}/tls/tls.crt`;
    values['TRADEWIND_GRPC_KEY_FILE'] = `${SECRETS}/tls/tls.key`;
    values['TRADEWIND_GRPC_CLIENT_CA_FILE'] = `${SECRETS}/tls/ca.crt`;
  }
  if (digest !== undefined) values['TRADEWIND_MODEL_DIGEST'] = digest;
  if (contract !== undefined) {
    values['TRADEWIND_MODEL_CONTRACT_FEATURE_SET'] = contract.featureSet;
    values['TRADEWIND_MODEL_CONTRACT_INPUTS'] = String(contract.inputs);
  }
  if (signature !== undefined)
    values['TRADEWIND_ARTIFACT_PUBLIC_KEY_FILE'] = `${SECRETS}/key/${signature.publicKeySecretRef.key}`;
  if (credentialsSecretRef !== undefined)
    values['TRADEWIND_ARTIFACT_S3_CREDENTIALS_DIR'] = `${SECRETS}/credentials`;
  return Object.entries(values)
    .map(([name, value]) => ({ name, value }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function mountsOf({ model }: RevisionSource): readonly Mount[] {
  const { signature, credentialsSecretRef, uri } = model;
  const mounts: Mount[] = [];
  if (signature !== undefined) {
    const { name: secretName } = signature.publicKeySecretRef;
    mounts.push({ name: 'key', path: `${SECRETS}/key`, source: { secret: { secretName } } });
  }
  if (credentialsSecretRef !== undefined) {
    const { name: secretName } = credentialsSecretRef;
    mounts.push({
      ...{ name: 'credentials', path: `${SECRETS}/credentials`, source: { secret: { secretName } } },
    });
  }
  const [, scheme, host] = /^(pvc|configmap):\/\/([^/]+)/.exec(uri) ?? [];
  if (scheme === 'pvc')
    mounts.push({
      ...{ name: 'claim', path: `${PVC_MOUNTS}/${host}` },
      source: { persistentVolumeClaim: { claimName: host, readOnly: true } },
    });
  if (scheme === 'configmap')
    mounts.push({
      ...{ name: 'model', path: `${CONFIG_MAP_MOUNTS}/${host}`, source: { configMap: { name: host } } },
    });
  return mounts;
}
