import type { MetricObjectWithValues, MetricValue, Registry } from 'prom-client';

/** What a scraper asks for that wants exemplars. */
export const OPEN_METRICS_TYPE = 'application/openmetrics-text; version=1.0.0; charset=utf-8';

/** An example of what a bucket counts, as the client library keeps it. */
interface Exemplar {
  readonly labelSet: Readonly<Record<string, string>>;
  readonly value: number;
  /** Seconds since the Unix epoch. */
  readonly timestamp: number;
}

type Value = MetricValue<string> & { readonly metricName?: string; readonly exemplar?: Exemplar | null };

/**
 * The metrics of a registry in the OpenMetrics format, with exemplars; every series has the name and labels that it has in the text format.
 *
 * The client library's own writer takes `_total` off the counters that it is shown, for good: whoever asks for the text format next would get
 * counters of other names.
 *
 * @see https://prometheus.io/docs/specs/om/open_metrics_spec/
 */
export async function openMetrics(registry: Registry): Promise<string> {
  const families = await registry.getMetricsAsJSON();
  return `${families.map((family) => textOf(family as MetricObjectWithValues<Value>)).join('')}# EOF\n`;
}

/** Whether a scraper takes the format. @param accept - Header of its request. */
export function asksForOpenMetrics(accept: string | undefined): boolean {
  return accept?.split(',').some((each) => each.trim().startsWith('application/openmetrics-text')) ?? false;
}

function textOf({ name, help, type, values }: MetricObjectWithValues<Value>): string {
  // A counter that is not called one has samples that the format does not allow for it.
  const isCounter = String(type) === 'counter' && name.endsWith('_total');
  const family = isCounter ? name.slice(0, -'_total'.length) : name;
  const kind = String(type) === 'counter' && !isCounter ? 'unknown' : String(type);
  const samples = values.map(({ metricName = name, labels, value, exemplar }) => {
    const sample = `${metricName}${labelsOf(labels)} ${numberOf(value)}`;
    if (exemplar === undefined || exemplar === null) return `${sample}\n`;
    return `${sample} # ${labelsOf(exemplar.labelSet) || '{}'} ${numberOf(exemplar.value)} ${exemplar.timestamp}\n`;
  });
  return `# HELP ${family} ${escaped(help)}\n# TYPE ${family} ${kind}\n${samples.join('')}`;
}

function labelsOf(labels: Readonly<Record<string, string | number | undefined>>): string {
  const parts = Object.entries(labels).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}="${escaped(String(value))}"`],
  );
  return parts.length === 0 ? '' : `{${parts.join(',')}}`;
}

function numberOf(value: number): string {
  if (value === Infinity) return '+Inf';
  return value === -Infinity ? '-Inf' : String(value);
}

const escaped = (text: string): string =>
  text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');
