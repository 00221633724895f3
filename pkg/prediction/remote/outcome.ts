import { TradewindError } from '../../runtime/errors.ts';
import { PredictorLost, PredictorsBusy } from './errors.ts';

/** What a failed request says of the predictor that it was sent to, and whether another may be asked. */
export interface Verdict {
  /** Counts towards ejection. */
  readonly isPredictorsFault: boolean;
  /**
   * Another predictor may do better. A prediction changes nothing, so it may run twice; but a request that is wrong fails
   * everywhere, and one whose time is over helps nobody.
   */
  readonly isWorthRetry: boolean;
  /** The predictor does not serve the model any more that it was asked for. */
  readonly isModelGone: boolean;
}

const CALLERS_FAULT: Verdict = { isPredictorsFault: false, isWorthRetry: false, isModelGone: false };

/** @param hadTime - The predictor had as much time as any may take; a caller in a hurry says nothing of it. */
export function verdictOn(error: unknown, hadTime: boolean): Verdict {
  if (!(error instanceof TradewindError)) return CALLERS_FAULT;
  if (error instanceof PredictorsBusy) return { ...CALLERS_FAULT, isWorthRetry: true };
  if (error instanceof PredictorLost)
    return { ...CALLERS_FAULT, isPredictorsFault: true, isWorthRetry: true };
  if (error.kind === 'deadline') return { ...CALLERS_FAULT, isPredictorsFault: hadTime, isWorthRetry: true };
  switch (error.kind) {
    case 'exhausted':
      // It lives, it only has too much to do.
      return { ...CALLERS_FAULT, isWorthRetry: true };
    case 'notFound':
      return { isPredictorsFault: false, isWorthRetry: true, isModelGone: true };
    case 'unavailable':
      return { ...CALLERS_FAULT, isPredictorsFault: true, isWorthRetry: true };
    case 'internal':
    case 'data':
    case 'precondition':
      return { ...CALLERS_FAULT, isPredictorsFault: true };
    case 'usage':
      return CALLERS_FAULT;
  }
}
