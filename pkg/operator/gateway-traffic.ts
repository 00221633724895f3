import type { OverlaySettings } from '../prediction/overlay.ts';
import type { ModelTraffic, TrafficSource, TrafficTarget } from '../prediction/traffic/traffic.ts';
import { readModelSpec } from '../tradingmodel/read-object.ts';
import { hostOf } from './http-json.ts';
import {
  ENDPOINT_SLICES,
  type EndpointSlice,
  MODEL_LABEL,
  REVISION_LABEL,
  TRADING_MODELS,
  type TradingModel,
} from './kinds.ts';
import { Reflector, type ReflectorOptions } from './runtime/reflector.ts';
import type { KubeObject } from './runtime/objects.ts';

export type KubernetesTrafficOptions = Pick<
  ReflectorOptions<KubeObject>,
  'client' | 'scheduler' | 'logger' | 'observer' | 'stallSeconds' | 'blindSeconds' | 'backoff'
> & { readonly namespace: string };

const BY_REVISION = 'revision';
/** Changes that come together are told together. */
const GATHER_MS = 20;

/** What TradingModels of a namespace say of their traffic, with the pods that are Ready behind each revision. */
export class KubernetesTraffic implements TrafficSource {
  readonly #scheduler: KubernetesTrafficOptions['scheduler'];
  readonly #models: Reflector<TradingModel>;
  readonly #slices: Reflector<EndpointSlice>;

  constructor(options: KubernetesTrafficOptions) {
    this.#scheduler = options.scheduler;
    this.#models = new Reflector<TradingModel>({ ...options, kind: TRADING_MODELS });
    this.#slices = new Reflector<EndpointSlice>({
      ...options,
      kind: ENDPOINT_SLICES,
      labelSelector: MODEL_LABEL,
      indexes: { [BY_REVISION]: revisionsOf },
    });
  }

  get isBlind(): boolean {
    return this.#models.isBlind || this.#slices.isBlind;
  }

  async follow(signal: AbortSignal, onTraffic: (models: readonly ModelTraffic[]) => void): Promise<void> {
    let cancel: (() => void) | undefined;
    const tell = (): void => {
      if (!this.#models.hasSynced || !this.#slices.hasSynced || signal.aborted) return;
      cancel ??= this.#scheduler.after(GATHER_MS, () => {
        cancel = undefined;
        if (!signal.aborted) onTraffic(this.#traffic());
      });
    };
    for (const reflector of [this.#models, this.#slices]) {
      reflector.handle({ added: tell, updated: tell, deleted: tell });
      // Where there is nothing, that is to be told too.
      void reflector.whenSynced().then(tell);
    }
    await Promise.all([this.#models.run(signal), this.#slices.run(signal)]);
    cancel?.();
  }

  #traffic(): readonly ModelTraffic[] {
    return this.#models.store
      .list()
      .toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
      .flatMap((model) => trafficOf(model, (revision) => this.#predictors(revision)) ?? []);
  }

  #predictors(revision: string): readonly string[] {
    const addresses = this.#slices.store.byIndex(BY_REVISION, revision).flatMap(addressesOf);
    return [...new Set(addresses)].toSorted();
  }
}

/**
 * Traffic of one model.
 *
 * @param predictorsOf - Addresses of a revision, `ip:port`.
 * @returns `undefined` for one that never had traffic, or whose spec this release does not understand. One whose traffic was taken away is
 *   told without targets, so that the gateway confirms it.
 */
export function trafficOf(
  { metadata, spec, status }: TradingModel,
  predictorsOf: (revision: string) => readonly string[],
): ModelTraffic | undefined {
  const read = readModelSpec(spec);
  const { traffic = [], trafficGeneration = 0, stableRevision, revisions = [] } = status ?? {};
  if (!('spec' in read) || trafficGeneration === 0) return undefined;
  const targets = traffic.map(({ revision, weight, shadow }): TrafficTarget => {
    const digest = revisions.find(({ name }) => name === revision)?.digest;
    return {
      ...{ revision, weight, isShadow: shadow ?? false, predictors: predictorsOf(revision) },
      ...(digest === undefined ? {} : { digest }),
    };
  });
  return {
    model: metadata.name,
    symbols: read.spec.symbols,
    targets: targets.toSorted(
      (a, b) => Number(b.revision === stableRevision) - Number(a.revision === stableRevision),
    ),
    generation: trafficGeneration,
    overlay: overlayOf(read.spec.overlay),
    slo: {
      latencyThresholdMs: read.spec.slo.latencyThresholdMilliseconds,
      // As decimal text: a division would make 0.9990000000000001 of 99.9.
      latencyObjective: Number(`${read.spec.slo.objectivePercent}e-2`),
    },
  };
}

function overlayOf({
  policy,
  buyAbove,
  holdAbove,
}: {
  readonly policy: 'Neutral' | 'Linear';
  readonly buyAbove: string;
  readonly holdAbove: string;
}): OverlaySettings {
  return {
    policy: policy === 'Neutral' ? 'neutral' : 'linear',
    buyAbove: Number(buyAbove),
    holdAbove: Number(holdAbove),
  };
}

/** Pods that are Ready; what is ending serves out what it has. */
function addressesOf({ endpoints, ports }: EndpointSlice): readonly string[] {
  const port = ports?.find(({ name }) => name === 'grpc')?.port;
  if (port === undefined) return [];
  return (endpoints ?? [])
    .filter(({ conditions }) => conditions?.ready !== false && conditions?.terminating !== true)
    .flatMap(({ addresses }) => addresses)
    .map((ip) => `${hostOf(ip)}:${port}`);
}

function revisionsOf({ metadata }: EndpointSlice): readonly string[] {
  const revision = metadata.labels?.[REVISION_LABEL];
  return revision === undefined ? [] : [revision];
}
