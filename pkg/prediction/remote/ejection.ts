/** When an endpoint that answers badly gets no more traffic, and for how long. */
export interface EjectionSettings {
  /** Failures in a row that eject. */
  readonly consecutiveFailures: number;
  /** Length of the first ejection; each further one is twice as long, up to `maxMs`. */
  readonly baseMs: number;
  readonly maxMs: number;
  /** Share of all endpoints that may be ejected at once, in [0, 100]: bad service is better than none. */
  readonly maxEjectedPercent: number;
}

/** What is remembered of an endpoint. */
export interface EjectionState {
  /** Failures since the last success. */
  readonly failures: number;
  /** Ejections that count for the length of the next one. */
  readonly ejections: number;
  /** End of the ejection, monotonic milliseconds; `undefined` while it gets traffic. */
  readonly untilMs: number | undefined;
  /** When it last came back, monotonic milliseconds. */
  readonly admittedMs: number;
}

export const UNBLEMISHED: EjectionState = {
  failures: 0,
  ejections: 0,
  untilMs: undefined,
  admittedMs: Number.NEGATIVE_INFINITY,
};

/**
 * Whether one more of `total` endpoints may be ejected.
 *
 * @param ejected - How many are already.
 */
export function mayEject(ejected: number, total: number, { maxEjectedPercent }: EjectionSettings): boolean {
  return (ejected + 1) * 100 <= maxEjectedPercent * total;
}

/** After a request to an endpoint was answered (`isGood`) or not. @param isAllowed - What {@link mayEject} says. */
export function afterRequest(
  state: EjectionState,
  isGood: boolean,
  isAllowed: boolean,
  nowMs: number,
  settings: EjectionSettings,
): EjectionState {
  // What was sent before the ejection says nothing new.
  if (state.untilMs !== undefined) return state;
  if (isGood) return state.failures === 0 ? state : { ...state, failures: 0 };
  const failures = state.failures + 1;
  if (failures < settings.consecutiveFailures || !isAllowed) return { ...state, failures };
  // Well for as long as the longest ejection: what was before is forgiven.
  const isForgiven = nowMs - state.admittedMs >= settings.maxMs;
  return ejected({ ...state, ejections: isForgiven ? 0 : state.ejections }, nowMs, settings);
}

/** After an ejected endpoint was tried once its time was over: back into traffic, or out for longer. */
export function afterProbe(
  state: EjectionState,
  isGood: boolean,
  nowMs: number,
  settings: EjectionSettings,
): EjectionState {
  if (!isGood) return ejected(state, nowMs, settings);
  return { failures: 0, ejections: state.ejections, untilMs: undefined, admittedMs: nowMs };
}

function ejected(state: EjectionState, nowMs: number, { baseMs, maxMs }: EjectionSettings): EjectionState {
  const lengthMs = Math.min(maxMs, baseMs * 2 ** state.ejections);
  return { ...state, failures: 0, ejections: state.ejections + 1, untilMs: nowMs + lengthMs };
}
