import { BURN_WINDOWS, type BurnWindow } from '../../pkg/slo/burn-windows.ts';
import { promDuration } from '../../pkg/slo/duration.ts';
import { burnWindowsOf, OBJECTIVES } from '../../pkg/slo/objectives.ts';
import { BUDGET_LEFT } from '../../pkg/slo/rules.ts';
import type { RuleCase, Situation } from './rule-case.ts';
import { counter, gauge, STEP_MINUTES, type Stretch } from './timeline.ts';

const EVENTS = 2000;
/** Days are played, so not every minute is looked at. */
const EVERY_MINUTES = 10;
const TIMES = { stepMinutes: STEP_MINUTES, everyMinutes: EVERY_MINUTES };
const SYMBOLS = 50;
const LABELS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  availability: { model: 'm' },
  latency: { model: 'm' },
  features: {},
  predictions: { model: 'm' },
  freshness: {},
  delivery: {},
};

/** Times of the budget that is used up, for how long, after which good time that the longer windows must not fire. */
interface Burn {
  readonly times: number;
  readonly minutes: number;
  readonly beforeMinutes: number;
}

/** A burn that each window sees, and no faster one. */
const BURNS: readonly Burn[] = [
  { times: 20, minutes: 60, beforeMinutes: 24 * 60 },
  { times: 8, minutes: 6 * 60, beforeMinutes: 24 * 60 },
  { times: 4, minutes: 24 * 60, beforeMinutes: 24 * 60 },
  { times: 2, minutes: 72 * 60, beforeMinutes: 24 * 60 },
];

/** Shares of bad events over time as series of every objective: budgets are 0.1 % for availability and delivery, 1 % for the others. */
function seriesOf(stretches: readonly { readonly minutes: number; readonly times: number }[]) {
  const rising = (of: (times: number) => number): string =>
    counter(stretches.map(({ minutes, times }): Stretch => ({ minutes, value: of(times) })));
  const standing = (of: (times: number) => number): string =>
    gauge(stretches.map(({ minutes, times }): Stretch => ({ minutes, value: of(times) })));
  const all = rising(() => EVENTS);
  const good = (budget: number): string => rising((times) => EVENTS * (1 - budget * times));
  return {
    'tradewind_slo_events_total{slo="availability", model="m"}': all,
    'tradewind_slo_good_events_total{slo="availability", model="m"}': good(0.001),
    'tradewind_slo_objective_ratio{slo="availability", model="m"}': standing(() => 0.999),
    'tradewind_slo_events_total{slo="latency", model="m"}': all,
    'tradewind_slo_good_events_total{slo="latency", model="m"}': good(0.01),
    // A model's own objective: with that of the platform the same answers would burn ten times as fast.
    'tradewind_slo_objective_ratio{slo="latency", model="m"}': standing(() => 0.99),
    tradewind_feature_latency_seconds_count: all,
    'tradewind_feature_latency_seconds_bucket{le="0.1"}': good(0.01),
    'tradewind_prediction_latency_seconds_count{model="m"}': all,
    'tradewind_prediction_latency_seconds_bucket{model="m", le="0.15"}': good(0.01),
    'tradewind_events_total{kind="trade"}': rising((times) => EVENTS * (1 - 0.001 * times)),
    'tradewind_quarantined_total{reason="Late"}': rising((times) => EVENTS * 0.001 * times),
    ...Object.fromEntries(
      Array.from({ length: SYMBOLS }, (_, i) => [
        `tradewind_data_age_seconds{symbol="S${i}"}`,
        standing((times) => (i < SYMBOLS * 0.01 * times ? 100 : 1)),
      ]),
    ),
  };
}

/** For each window a burn that it fires for, and the time after it, when only the long window still remembers. */
export const BURN_SITUATIONS: readonly Situation[] = BURN_WINDOWS.map((window, i) => {
  const { times, minutes, beforeMinutes } = BURNS[i]!;
  const long = promDuration(window.longSeconds);
  const everyMinutes = window.shortSeconds >= 7200 ? 30 : EVERY_MINUTES;
  // By then the short window has seen good events alone, and the long one is above its threshold yet.
  const afterMinutes = window.shortSeconds / 60 + (window.shortSeconds === 300 ? 5 : everyMinutes);
  const endsAt = beforeMinutes + minutes;
  const firesAt = endsAt - everyMinutes;
  return {
    name: `${times} times the budget for ${promDuration(minutes * 60)}`,
    ...{ stepMinutes: STEP_MINUTES, everyMinutes },
    series: seriesOf([
      { minutes: beforeMinutes, times: 0 },
      { minutes, times },
      { minutes: afterMinutes + everyMinutes, times: 0 },
    ]),
    cases: OBJECTIVES.flatMap((objective): RuleCase[] => {
      const { slo, alert } = objective;
      const labels = { slo, ...LABELS[slo] };
      const isSeen = burnWindowsOf(objective).includes(window);
      return [
        {
          ...{ alert, window: long, atMinutes: firesAt },
          ...(isSeen ? { fires: { labels, severity: window.severity } } : {}),
        },
        { alert, window: long, atMinutes: endsAt + afterMinutes },
        { alert, window: long, atMinutes: beforeMinutes - everyMinutes },
        ...othersAreQuiet(alert, window, firesAt),
      ];
    }),
  };
});

/** Windows that look for a faster burn. */
function othersAreQuiet(alert: string, { factor }: BurnWindow, atMinutes: number): readonly RuleCase[] {
  return BURN_WINDOWS.filter((other) => other.factor > factor).map((other) => ({
    ...{ alert, window: promDuration(other.longSeconds), atMinutes },
  }));
}

const DAYS = 3 * 24 * 60;
const SELDOM_MINUTES = 30;

/** What the budget allows, and no events at all. */
export const CALM_SITUATIONS: readonly Situation[] = [
  {
    name: 'just within the budget, for three days',
    ...{ stepMinutes: STEP_MINUTES, everyMinutes: SELDOM_MINUTES },
    series: Object.fromEntries(
      Object.entries(seriesOf([{ minutes: DAYS, times: 0.9 }])).filter(
        // One symbol of fifty cannot be old for nine tenths of the time at once.
        ([series]) => !series.startsWith('tradewind_data_age'),
      ),
    ),
    cases: OBJECTIVES.flatMap(({ alert }) =>
      BURN_WINDOWS.map(({ longSeconds }) => ({
        ...{ alert, window: promDuration(longSeconds), atMinutes: DAYS - SELDOM_MINUTES },
      })),
    ),
  },
  {
    name: 'no events at all',
    ...{ stepMinutes: STEP_MINUTES, everyMinutes: SELDOM_MINUTES },
    series: seriesOf([{ minutes: 120, times: 0 }]),
    cases: OBJECTIVES.filter(({ slo }) => slo !== 'freshness').map(({ alert }) => ({
      // Long after the last: what comes no more is neither good nor bad.
      ...{ alert, atMinutes: 180 },
    })),
  },
];

const CLOSES_AT = 24 * 60;
const OPENS_AT = CLOSES_AT + 60;

/** Market data in the hour that a market closes each day: pages that are muted then, which end half an hour after it opens, and no ticket. */
export const CLOSED_SITUATION: Situation = {
  name: 'a closed hour',
  ...TIMES,
  series: Object.fromEntries(
    Object.entries(
      seriesOf([
        { minutes: CLOSES_AT, times: 0 },
        { minutes: OPENS_AT - CLOSES_AT, times: 100 },
        { minutes: 60, times: 0 },
      ]),
    ).filter(([series]) => series.startsWith('tradewind_data_age')),
  ),
  cases: [
    ...['1h', '6h'].map((window) => ({
      ...{ alert: 'FreshnessBudgetBurns', window, atMinutes: OPENS_AT - 2 * EVERY_MINUTES },
      fires: { labels: { slo: 'freshness' }, severity: 'page' as const },
    })),
    { alert: 'FreshnessBudgetBurns', window: '1h', atMinutes: OPENS_AT + EVERY_MINUTES },
    { alert: 'FreshnessBudgetBurns', atMinutes: OPENS_AT + 30 },
  ],
};

/** A quarter more than the budget allows, and half of it. */
export const BUDGET_SITUATION: Situation = {
  name: 'what is left',
  ...TIMES,
  series: {
    ...seriesOf([{ minutes: 300, times: 0.5 }]),
    'tradewind_slo_events_total{slo="latency", model="bad"}': counter([{ minutes: 300, value: 1000 }]),
    'tradewind_slo_good_events_total{slo="latency", model="bad"}': counter([{ minutes: 300, value: 875 }]),
    'tradewind_slo_objective_ratio{slo="latency", model="bad"}': gauge([{ minutes: 300, value: 0.9 }]),
  },
  cases: [],
  values: [
    ['availability', 'm', 0.5],
    ['latency', 'm', 0.5],
    ['latency', 'bad', -0.25],
  ]
    .map(([slo, model, value]) => ({
      // In thousandths: rates are not exact.
      expr: `round(sum(${BUDGET_LEFT}{slo="${slo}", model="${model}"}), 0.001)`,
      ...{ atMinutes: 290, value: Number(value) },
    }))
    .concat({
      // Of the six, but for freshness: closed hours would use it up.
      ...{ expr: `count(count by (slo) (${BUDGET_LEFT}))`, atMinutes: 290, value: 5 },
    }),
};

/** The text of each alert, where the numbers are exact. */
export const TEXT_SITUATION: Situation = {
  name: 'a fast burn, in words',
  ...TIMES,
  series: seriesOf([
    { minutes: 24 * 60, times: 0 },
    { minutes: 80, times: 20 },
  ]),
  cases: [
    ['AvailabilityBudgetBurns', 'availability', 'm leaves 2% of its requests without an answer'],
    ['LatencyBudgetBurns', 'latency', 'm gives 20% of its answers too late'],
    ['FeatureLatencyBudgetBurns', 'features', '20% of the features come later than 100 ms after their event'],
    [
      'PredictionLatencyBudgetBurns',
      'predictions',
      '20% of the predictions of m come later than 150 ms after their event',
    ],
    ['DeliveryBudgetBurns', 'delivery', '2% of the inputs are set aside'],
  ].map(([alert, slo, said]) => ({
    ...{ alert: alert!, window: '1h', atMinutes: 25 * 60 + EVERY_MINUTES },
    fires: {
      labels: { slo: slo!, ...LABELS[slo!] },
      severity: 'page' as const,
      summary: `${said} (over 1h; more than 14.4 times what its budget of 30 days allows)`,
    },
  })),
};
