import { MINIMAL_LIMITS, MINIMAL_MODEL } from '../../pkg/tradingmodel/specs.testing.ts';
import { LIMIT_ROWS } from './invalid/limit-rows.ts';
import { MODEL_ROWS } from './invalid/model-rows.ts';
import { ROLLOUT_ROWS } from './invalid/rollout-rows.ts';
import type { Row } from './invalid/row.ts';

type Kind = 'TradingModel' | 'RiskLimits';

/** An object that must be refused, and what the refusal must say. */
export interface InvalidManifest {
  readonly title: string;
  readonly object: Readonly<Record<string, unknown>>;
  /** The field at fault, as in `spec.rollout.steps[1]`. */
  readonly field: string;
  /** What both the API server and the linter must say about it. */
  readonly says: RegExp;
}

/** A whole object, valid as it stands. */
export function manifest(
  kind: Kind,
  name = kind === 'TradingModel' ? 'es' : 'desk',
): Record<string, unknown> {
  return {
    apiVersion: 'tradewind.dev/v1alpha1',
    kind,
    metadata: { name },
    spec: structuredClone(kind === 'TradingModel' ? MINIMAL_MODEL : MINIMAL_LIMITS),
  };
}

/** Sets a part of an object, by a path as in `spec.symbols.0`; `undefined` removes it. */
export function withValue(
  object: Record<string, unknown>,
  path: string,
  value: unknown,
): Record<string, unknown> {
  const steps = path.split('.');
  const last = steps.pop()!;
  let at = object;
  for (const step of steps) at = (at[step] ??= {}) as Record<string, unknown>;
  if (value === undefined) delete at[last];
  else at[last] = value;
  return object;
}

/** Every object that must be refused. */
export const INVALID: readonly InvalidManifest[] = [
  ...[...MODEL_ROWS, ...ROLLOUT_ROWS].map((row) => invalid('TradingModel', row)),
  ...LIMIT_ROWS.map((row) => invalid('RiskLimits', row)),
  {
    title: 'limits of a restricted symbol',
    object: withValue(
      withValue(manifest('RiskLimits'), 'spec.symbols', [{ symbol: 'ES', maxPosition: '1' }]),
      'spec.restrictedSymbols',
      ['ES'],
    ),
    field: 'spec.symbols',
    says: /must hold no restricted symbol/,
  },
];

function invalid(kind: Kind, [title, path, value, field, says]: Row): InvalidManifest {
  return { title, object: withValue(manifest(kind), path, value), field, says };
}
