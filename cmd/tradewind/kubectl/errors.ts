import { TradewindError } from '../../../pkg/runtime/errors.ts';
import type { ActionType } from '../../../pkg/tradingmodel/status.ts';

/**
 * The namespace has no TradingModel of that name.
 *
 * @remedy `kubectl get tradingmodels -A` lists those that there are.
 */
export class ModelUnknown extends TradewindError {
  readonly code = 'ModelUnknown';
  readonly kind = 'notFound';

  constructor(namespace: string, name: string, cause?: unknown) {
    super({
      message: `namespace '${namespace}' must have a TradingModel '${name}', has none`,
      facts: { namespace, name },
      cause,
    });
  }
}

/**
 * The cluster does not know the kind TradingModel.
 *
 * @remedy Install the definitions: `kubectl apply -k k8s/crds`.
 */
export class DefinitionMissing extends TradewindError {
  readonly code = 'DefinitionMissing';
  readonly kind = 'precondition';

  constructor(cause: unknown) {
    super({
      message:
        'cluster must know the kind TradingModel (tradewind.dev/v1alpha1), does not: kubectl apply -k k8s/crds installs it',
      cause,
    });
  }
}

/**
 * The API server refuses a spec.
 *
 * @remedy Correct each field that the message names; the [reference](tradingmodel.md) has bounds and rules.
 */
export class SpecRefused extends TradewindError {
  readonly code = 'SpecRefused';
  readonly kind = 'data';

  constructor(name: string, faults: readonly string[], cause: unknown) {
    super({
      message: `spec of ${name} must be one that the API server takes, was refused: ${faults.join('; ')}`,
      facts: { name, faults: faults.length },
      cause,
    });
  }
}

/**
 * The controller refused what was asked for; the message says why.
 *
 * @remedy `kubectl tradewind get model NAME` shows where the rollout stands; the [guide](../guides/rollouts.md#people) has what is refused when.
 */
export class ActionRefused extends TradewindError {
  readonly code = 'ActionRefused';
  readonly kind = 'precondition';

  constructor(type: ActionType, name: string, why: string) {
    super({ message: `${type} of ${name} must be possible, was refused: ${why}`, facts: { type, name } });
  }
}

/**
 * Somebody asked for something else before the controller had read the request.
 *
 * @remedy See with `kubectl tradewind get model NAME` what was done, and ask again.
 */
export class ActionReplaced extends TradewindError {
  readonly code = 'ActionReplaced';
  readonly kind = 'precondition';

  constructor(type: ActionType, name: string) {
    super({
      message: `request for ${type} of ${name} must stand until the controller reads it, was replaced by another`,
      facts: { type, name },
    });
  }
}

/**
 * The controller has not answered a request yet; the request stands, and is carried out once the controller reads it.
 *
 * @remedy See that the controller runs, or allow more time with `--timeout`.
 */
export class ActionUnanswered extends TradewindError {
  readonly code = 'ActionUnanswered';
  readonly kind = 'deadline';

  constructor(type: ActionType, name: string, timeoutSeconds: number, cause?: unknown) {
    super({
      message: `controller must answer ${type} of ${name} within ${timeoutSeconds} s, has not: the request stands; is the controller running?`,
      facts: { type, name, timeoutSeconds },
      cause,
    });
  }
}

/**
 * `tradewind doctor` found something that does not work.
 *
 * @remedy Do what each line that was printed says at its end, from the first on: later ones often follow from it.
 */
export class InstallationFaulty extends TradewindError {
  readonly code = 'InstallationFaulty';
  readonly kind = 'precondition';

  constructor(namespace: string, faults: number) {
    super({
      message: `installation in namespace '${namespace}' must be without faults, has ${faults}`,
      facts: { namespace, faults },
    });
  }
}
