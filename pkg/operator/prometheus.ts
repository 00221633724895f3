import { z } from 'zod';

import type { ExternalValue } from '../rollout/seen.ts';
import type { MetricSpec } from '../tradingmodel/spec.ts';
import { getJson } from './http-json.ts';

/** The two revisions that a query is asked for. */
export interface QueryPair {
  readonly model: string;
  readonly namespace: string;
  readonly update: string;
  readonly stable: string;
}

/** Answers a metric of the spec that names a Prometheus query. */
export type AskPrometheus = (
  metric: MetricSpec,
  pair: QueryPair,
  signal?: AbortSignal,
) => Promise<ExternalValue>;

const answerSchema = z.object({
  data: z.object({
    resultType: z.string(),
    result: z.union([
      z.tuple([z.number(), z.string()]),
      z.array(z.object({ value: z.tuple([z.number(), z.string()]).optional() })),
    ]),
  }),
});

/**
 * Asks Prometheus over its HTTP API. In a query `{{revision}}`, `{{model}}` and `{{namespace}}` stand for names; where it names the
 * revision, it is asked a second time for the stable one.
 *
 * @param defaultAddress - Of metrics that name none.
 * @see Prometheus HTTP API, instant queries.
 */
export function prometheusOver(defaultAddress: string | undefined, timeoutMs: number): AskPrometheus {
  return async ({ prometheus }, pair, signal) => {
    const address = prometheus?.address ?? defaultAddress;
    if (prometheus === undefined || address === undefined)
      return { message: 'no address of a Prometheus is known: set it in the metric or in the controller' };
    const ask = async (revision: string): Promise<ExternalValue> => {
      const resolvedQuery = resolveQuery(prometheus.query, pair, revision);
      const url = `${address.replace(/\/$/, '')}/api/v1/query?query=${encodeURIComponent(resolvedQuery)}`;
      return { resolvedQuery, ...valueOf(await getJson(url, timeoutMs, signal), address) };
    };
    const update = await ask(pair.update);
    if (!prometheus.query.includes('{{revision}}')) return update;
    const { value } = await ask(pair.stable);
    return value === undefined ? update : { ...update, stableValue: value };
  };
}

export function resolveQuery(query: string, { model, namespace }: QueryPair, revision: string): string {
  const values: Readonly<Record<string, string>> = { revision, model, namespace };
  return query.replaceAll(/\{\{(revision|model|namespace)\}\}/g, (_, name: string) => values[name]!);
}

function valueOf(answer: unknown, address: string): { readonly value?: number; readonly message?: string } {
  if (answer === undefined) return { message: `Prometheus at ${address} gave no answer` };
  const parsed = answerSchema.safeParse(answer);
  if (!parsed.success) return { message: 'Prometheus gave no answer to an instant query' };
  const { resultType, result } = parsed.data.data;
  if (resultType === 'scalar') return { value: Number((result as [number, string])[1]) };
  const series = result as { readonly value?: [number, string] | undefined }[];
  if (series.length === 0) return { message: 'the query gave no series' };
  if (series.length > 1) return { message: `the query must give one series, gave ${series.length}` };
  return { value: Number(series[0]!.value?.[1] ?? Number.NaN) };
}
