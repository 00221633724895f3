import type { StreamFeatures } from '../../pkg/artifacts/check-stream.ts';
import { ModelDirectory } from '../../pkg/prediction/model-directory.ts';
import { AddressBook } from '../../pkg/prediction/remote/addresses.ts';
import { PredictorPool } from '../../pkg/prediction/remote/pool.ts';
import type { ProcessContext } from '../service/run-process.ts';
import type { GatewayConfig } from './config.ts';
import type { Routing } from './open-routing.ts';
import { poolOptions } from './pool-options.ts';

/** The predictors of configured addresses, which serve one revision; it is in use as soon as one of them is ready. Closed at shutdown. */
export function openPool(
  context: ProcessContext<GatewayConfig>,
  features: StreamFeatures,
): Routing & { readonly pool: PredictorPool } {
  const { config, logger, shutdown, http } = context;
  const { addresses, resolveSeconds } = config.predictors;
  const book = new AddressBook(addresses);
  const models = new ModelDirectory();
  const pool: PredictorPool = new PredictorPool({
    ...poolOptions(context, features, () => pool.endpoints),
    onModel: (model, before) => {
      if (before !== undefined && before.name !== model.name) models.remove(before.name);
      models.put(model);
      logger.info({ model: model.name, revision: model.digest }, 'model is used');
    },
  });
  const following = new AbortController();
  shutdown.add('predictors', () => {
    following.abort();
    return pool.close();
  });
  http.addReadiness('predictors', () =>
    pool.usable.length > 0 ? { isReady: true } : { isReady: false, reason: reasonOf(pool) },
  );
  void book.follow(resolveSeconds * 1000, following.signal, (found) => pool.setAddresses(found));
  return { models, pool, canPredict: () => pool.model !== undefined };
}

function reasonOf(pool: PredictorPool): string {
  const states = pool.endpoints.map(
    ({ address, state }) => `${address} ${state.kind}${'reason' in state ? ` (${state.reason})` : ''}`,
  );
  return states.join('; ') || 'no address is known';
}
