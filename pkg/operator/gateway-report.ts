import { z } from 'zod';

import { NO_COUNTERS, type RevisionCounters } from '../rollout/analysis/counters.ts';

const count = z.number().nonnegative();
const counts = z.array(count);
const moments = z.object({ n: count, sum: z.number(), sumSquares: count });

/** What a gateway of another release does not count is nothing counted; what it counts in another form is no report. */
const countersSchema = z.object({
  requests: count.default(0),
  errors: count.default(0),
  abstentions: z.record(z.string(), count).default({}),
  latency: z
    .object({ bounds: z.array(z.number()), counts })
    .refine(({ bounds, counts: of }) => bounds.length === 0 || of.length === bounds.length + 1)
    .default({ ...NO_COUNTERS.latency, bounds: [], counts: [] }),
  probability: counts.default([]),
  features: z.record(z.string(), counts).default({}),
  outcomes: z
    .object({
      ...{ matured: count, hits: count, brierSum: z.number(), brierSumSquares: count },
      pairedBrier: moments.default(NO_COUNTERS.outcomes.pairedBrier),
    })
    .default(NO_COUNTERS.outcomes),
  shadowPnl: moments.default(NO_COUNTERS.shadowPnl),
});

const reportSchema = z.object({
  gateway: z.string().min(1),
  startedUs: z.number(),
  models: z.array(z.unknown()),
});

const modelSchema = z.object({
  model: z.string(),
  trafficGeneration: z.number(),
  revisions: z.array(
    // Counters are read of what is analysed alone: there may be thousands.
    z.object({ revision: z.string(), usablePredictors: count, counters: z.unknown() }),
  ),
});

/** What the controller reads of what a gateway tells at `GET /revisions`. */
export interface ControllersReport {
  readonly gateway: string;
  readonly startedUs: number;
  readonly models: readonly {
    readonly model: string;
    readonly trafficGeneration: number;
    readonly revisions: readonly {
      readonly revision: string;
      readonly usablePredictors: number;
      /** As {@link readCounters} takes them. */
      readonly counters?: unknown;
    }[];
  }[];
}

/** Counters of one revision in a report; `undefined` where they have another form. */
export function readCounters(counters: unknown): RevisionCounters | undefined {
  return countersSchema.safeParse(counters).data;
}

/**
 * @param onProblem - Told what must be and was not, with its place in the answer.
 * @returns `undefined` for what is no report: a gateway that cannot be understood is one that does not answer. A model that cannot be is one
 *   that the gateway says nothing of.
 */
export function readReport(
  answer: unknown,
  onProblem: (problem: string) => void = () => undefined,
): ControllersReport | undefined {
  const read = <T>(
    schema: z.ZodType<T>,
    value: unknown,
    place: readonly (string | number)[],
  ): T | undefined => {
    const { data, error } = schema.safeParse(value);
    const [issue] = error?.issues ?? [];
    if (issue !== undefined) onProblem(`${[...place, ...issue.path].join('.')}: ${issue.message}`);
    return data;
  };
  const data = read(reportSchema, answer, []);
  if (data === undefined) return undefined;
  return {
    ...data,
    models: data.models.flatMap((model, i) => read(modelSchema, model, ['models', i]) ?? []),
  };
}
