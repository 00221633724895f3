import { ContractMismatch } from './errors.ts';
import type { Manifest } from './manifest.ts';

/** Features that are computed of a stream, as a contract names them. */
export interface StreamFeatures {
  readonly names: readonly string[];
  /** Bar clock that they are computed on, e.g. `time:1000`. */
  readonly bar: string;
}

const MAX_NAMES = 10;

/**
 * Checks that a model can predict from the features of a stream: all it takes are there, of bars like those that it learnt on.
 *
 * @param name - That the model is served under, for the message.
 * @throws {ContractMismatch}
 */
export function checkStream(name: string, contract: Manifest['contract'], stream: StreamFeatures): void {
  const absent = contract.features.filter((feature) => !stream.names.includes(feature));
  if (absent.length > 0)
    throw new ContractMismatch(
      `model '${name}' must take features that are computed here, takes ${absent.length} others: ${absent.slice(0, MAX_NAMES).join(', ')}`,
    );
  if (contract.bar !== stream.bar)
    throw new ContractMismatch(
      `model '${name}' must be made for bars of ${stream.bar}, is for ${contract.bar}`,
    );
}
