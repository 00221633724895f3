import { Histogram, type MetricObjectWithValues, type MetricValueWithName } from 'prom-client';

/** Upper bounds in seconds; they hold the objectives 1, 5, 10, 50 and 100 ms. */
const SECONDS_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Number of gRPC status codes, 0 to 16. */
const CODES = 17;

/** A call of a recorded trace, in the form that the client library has for it. */
interface CallExemplar {
  readonly labelSet: { readonly trace_id: string };
  readonly value: number;
  /** Seconds since the Unix epoch. */
  readonly timestamp: number;
}

/** What is known of the calls of one method: plain numbers, mutated with every call, read when metrics are asked for. */
export class MethodTally {
  readonly labels: { readonly service: string; readonly method: string };
  /** Calls by status code. */
  readonly handled = new Float64Array(CODES);
  /** Calls by the first bucket that holds them; the last is above all bounds. */
  readonly buckets = new Float64Array(SECONDS_BUCKETS.length + 1);
  /** The last call of a recorded trace by bucket. */
  readonly exemplars: CallExemplar[] = [];
  seconds = 0;
  inFlight = 0;

  constructor(service: string, method: string) {
    this.labels = { service, method };
  }

  /** A call came in. */
  started(): void {
    this.inFlight++;
  }

  /** A call ended with this gRPC status code after this many seconds. @returns The bucket that holds it. */
  finished(seconds: number, code: number): number {
    this.inFlight--;
    this.seconds += seconds;
    this.handled[code]! += 1;
    let bucket = 0;
    while (bucket < SECONDS_BUCKETS.length && seconds > (SECONDS_BUCKETS[bucket] as number)) bucket++;
    this.buckets[bucket]! += 1;
    return bucket;
  }

  /** As {@link finished}, of a call that belongs to a recorded trace. @param nowUs - UTC microseconds. */
  finishedTraced(seconds: number, code: number, traceId: string, nowUs: number): void {
    const bucket = this.finished(seconds, code);
    this.exemplars[bucket] = { labelSet: { trace_id: traceId }, value: seconds, timestamp: nowUs / 1e6 };
  }
}

type Labels = 'service' | 'method' | 'le';
type Snapshot = MetricObjectWithValues<MetricValueWithName<Labels>>;

/**
 * A histogram whose counts lie in tallies. The client library looks labels up by a hashed string on every observation,
 * which costs 5 % of a server of small calls.
 */
export class TallyHistogram extends Histogram<Labels> {
  readonly #name: string;
  /** What describes the metric, with no values. */
  readonly #head: Promise<Snapshot>;
  readonly #tallies: readonly MethodTally[];

  constructor(name: string, help: string, tallies: readonly MethodTally[]) {
    const config = { name, help, labelNames: ['service', 'method'] as const, registers: [] };
    super(config);
    this.#head = new Histogram<Labels>(config).get();
    this.#name = name;
    this.#tallies = tallies;
  }

  override async get(): Promise<Snapshot> {
    const values = this.#tallies.flatMap((tally) => this.#valuesOf(tally));
    return { ...(await this.#head), values };
  }

  /** What the registry asks for when it writes text. */
  getForPromString(): Promise<Snapshot> {
    return this.get();
  }

  #valuesOf({ labels, buckets, seconds, exemplars }: MethodTally): MetricValueWithName<Labels>[] {
    const values: MetricValueWithName<Labels>[] = [];
    let count = 0;
    for (const [i, calls] of buckets.entries()) {
      count += calls;
      const le = SECONDS_BUCKETS[i] ?? '+Inf';
      const exemplar = exemplars[i];
      const value = { metricName: `${this.#name}_bucket`, labels: { ...labels, le }, value: count };
      values.push(exemplar === undefined ? value : Object.assign(value, { exemplar }));
    }
    values.push({ metricName: `${this.#name}_sum`, labels, value: seconds });
    values.push({ metricName: `${this.#name}_count`, labels, value: count });
    return values;
  }
}
