import type { ClusterState } from './cluster-state.ts';
import type { GatewayAddress } from './gateway-reports.ts';
import { MODEL_LABEL } from './kinds.ts';
import type { Controller } from './runtime/controller.ts';
import { labelledKey, ownKey, specChanged } from './runtime/mapping.ts';
import { keyOf } from './runtime/objects.ts';

/** Which changes wake the controller: of a model what a person changes, and everything that belongs to one. */
export function followModels(controller: Controller, state: ClusterState): void {
  controller.follow(state.models, { keysOf: ownKey, concerns: specChanged });
  const byLabel = { keysOf: labelledKey(MODEL_LABEL) };
  controller.follow(state.deployments, byLabel);
  controller.follow(state.pods, byLabel);
  controller.follow(state.services, byLabel);
  controller.follow(state.budgets, byLabel);
  controller.follow(state.autoscalers, byLabel);
  controller.follow(state.records, byLabel);
  // A gateway that comes or goes concerns every model.
  controller.follow(state.gateways, {
    keysOf: () => state.models.store.list().map(({ metadata }) => keyOf(metadata)),
  });
}

/** Where the gateways answer. @param portName - Of their Service. */
export function gatewayAddresses(
  { gateways }: Pick<ClusterState, 'gateways'>,
  portName: string,
): readonly GatewayAddress[] {
  const found = gateways.store.list().flatMap(({ endpoints, ports }) => {
    const httpPort = ports?.find(({ name }) => name === portName)?.port;
    if (httpPort === undefined) return [];
    return (endpoints ?? []).flatMap(({ addresses, conditions }) =>
      addresses.map((ip) => ({ ip, httpPort, isReady: conditions?.ready !== false })),
    );
  });
  return found.toSorted((a, b) => (a.ip < b.ip ? -1 : 1));
}
