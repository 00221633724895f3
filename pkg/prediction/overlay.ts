import type { MadePrediction, Recommendation } from './prediction.ts';

export interface OverlaySettings {
  /** `neutral` draws the probability towards 0.5 as risk grows; `linear` draws it towards 0. */
  readonly policy: 'neutral' | 'linear';
  /** Adjusted probability above which to buy; default 0.6. */
  readonly buyAbove: number;
  /** Adjusted probability above which to hold; default 0.4. At or below it: sell. */
  readonly holdAbove: number;
}

export const DEFAULT_OVERLAY: OverlaySettings = { policy: 'neutral', buyAbove: 0.6, holdAbove: 0.4 };

const STRONG_ABOVE = 0.7;

/** One step of the overlay, for people: its formula with names, and its value. */
export interface OverlayStep {
  readonly name: string;
  readonly formula: string;
  readonly value: number;
}

export type OverlayResult = Pick<
  MadePrediction,
  | 'probabilityUp'
  | 'adjustedProbability'
  | 'confidence'
  | 'disagreement'
  | 'riskScore'
  | 'signalStrength'
  | 'recommendation'
>;

/**
 * min(10 volatility + 100 spread, 1): 1 % volatility per bar adds 0.1, a spread of 0.1 % of the bid adds 0.1.
 *
 * @param volatility20 - `volatility_20`, fraction per bar; NaN counts as 0 (the features do not have it).
 * @param spread - `bid_ask_spread`, fraction of the bid; NaN counts as 0.
 * @returns In [0, 1].
 */
export function riskScore(volatility20: number, spread: number): number {
  const known = (value: number): number => (Number.isNaN(value) ? 0 : Math.max(0, value));
  return Math.min(10 * known(volatility20) + 100 * known(spread), 1);
}

/** Population standard deviation of the members' probabilities; 0 for one member or none. */
export function disagreement(members: ArrayLike<number>): number {
  const n = members.length;
  if (n === 0) return 0;
  let mean = 0;
  for (let i = 0; i < n; i += 1) mean += members[i]! / n;
  let squares = 0;
  for (let i = 0; i < n; i += 1) squares += (members[i]! - mean) ** 2;
  return Math.sqrt(squares / n);
}

/** Adjusts a probability in [0, 1] by a risk in [0, 1]. */
export function adjust(policy: OverlaySettings['policy'], probability: number, risk: number): number {
  return policy === 'neutral' ? 0.5 + (probability - 0.5) * (1 - risk) : probability * (1 - risk);
}

export function recommend(adjusted: number, { buyAbove, holdAbove }: OverlaySettings): Recommendation {
  if (adjusted > buyAbove) return 'buy';
  return adjusted > holdAbove ? 'hold' : 'sell';
}

/** Everything that the overlay makes of a probability and the members' votes. */
export function applyOverlay(
  settings: OverlaySettings,
  probabilityUp: number,
  members: ArrayLike<number>,
  risk: number,
): OverlayResult {
  const adjustedProbability = adjust(settings.policy, probabilityUp, risk);
  const confidence = Math.max(probabilityUp, 1 - probabilityUp);
  return {
    probabilityUp,
    adjustedProbability,
    confidence,
    disagreement: disagreement(members),
    riskScore: risk,
    signalStrength: confidence > STRONG_ABOVE ? 'strong' : 'weak',
    recommendation: recommend(adjustedProbability, settings),
  };
}

/** The steps from probability to recommendation in order, as shown to people. */
export function explainOverlay(settings: OverlaySettings, result: OverlayResult): readonly OverlayStep[] {
  const formula = settings.policy === 'neutral' ? '0.5 + (p - 0.5) * (1 - risk)' : 'p * (1 - risk)';
  return [
    { name: 'probability_up', formula: 'p = calibrated output of the model', value: result.probabilityUp },
    { name: 'confidence', formula: 'max(p, 1 - p)', value: result.confidence },
    {
      name: 'disagreement',
      formula: 'population standard deviation of the members',
      value: result.disagreement,
    },
    {
      name: 'risk_score',
      formula: 'min(10 * volatility_20 + 100 * bid_ask_spread, 1)',
      value: result.riskScore,
    },
    { name: 'adjusted_probability', formula, value: result.adjustedProbability },
    { name: 'buy_above', formula: 'buy when adjusted_probability exceeds this', value: settings.buyAbove },
    { name: 'hold_above', formula: 'else hold when it exceeds this, else sell', value: settings.holdAbove },
  ];
}
