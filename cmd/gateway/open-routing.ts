import type { StreamFeatures } from '../../pkg/artifacts/check-stream.ts';
import type { ModelRoutes, RouteObserver } from '../../pkg/prediction/routes.ts';
import type { ProcessContext } from '../service/run-process.ts';
import type { GatewayConfig } from './config.ts';
import { openPool } from './open-pool.ts';
import { openTraffic } from './open-traffic.ts';

/** The models of a gateway, wherever it knows them from. */
export interface Routing {
  readonly models: ModelRoutes;
  readonly observer?: RouteObserver;
  /** Whether the stream can be predicted: before that its vectors would all become abstentions. */
  readonly canPredict: () => boolean;
  /** Ends, and fails, with what is followed. */
  readonly done?: Promise<void>;
}

/** One revision of configured addresses, or those that the traffic names. */
export function openRouting(context: ProcessContext<GatewayConfig>, features: StreamFeatures): Routing {
  return context.config.traffic.source === 'none'
    ? openPool(context, features)
    : openTraffic(context, features);
}
