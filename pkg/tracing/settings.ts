/** Where spans go and which traces are recorded. */
export interface TracingSettings {
  /** Base address of an OTLP receiver over HTTP; absent where the exporter takes it from the environment, or its default. */
  readonly endpoint?: string;
  /** Share of the traces that begin here that are recorded, 0 to 1. Traces that come in are as their beginner decided. */
  readonly sampleRatio: number;
}

/** What the configuration of a process may say of it. */
export interface TracingSection {
  readonly exporter: 'auto' | 'none' | 'otlp';
  readonly endpoint?: string | undefined;
  readonly sampleRatio?: number | undefined;
}

export interface TracingChoice {
  /** `undefined` where tracing is off. */
  readonly settings: TracingSettings | undefined;
  /** What the environment asks for and is not done, one sentence each. */
  readonly problems: readonly string[];
}

/** Share of traces recorded unless told otherwise: of 100,000 events per second, a hundred. */
export const DEFAULT_SAMPLE_RATIO = 0.001;

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Whether and how to trace. The configuration wins over the standard environment variables of OpenTelemetry; with neither, tracing is off.
 *
 * @see OpenTelemetry specification, "Environment Variable Specification".
 */
export function chooseTracing(section: TracingSection, env: Env): TracingChoice {
  const problems: string[] = [];
  if (env['OTEL_SDK_DISABLED']?.toLowerCase() === 'true' || !isWanted(section, env, problems))
    return { settings: undefined, problems };
  const sampleRatio = section.sampleRatio ?? ratioOf(env, problems);
  if (sampleRatio === 'off') return { settings: undefined, problems };
  const named = ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'OTEL_EXPORTER_OTLP_PROTOCOL'].find(
    (name) => setIn(env, name) !== undefined,
  );
  const protocol = named === undefined ? undefined : setIn(env, named);
  if (protocol !== undefined && protocol !== 'http/protobuf')
    problems.push(`${named} must be http/protobuf, was ${protocol}: spans go by http/protobuf`);
  const { endpoint } = section;
  return { settings: { sampleRatio, ...(endpoint === undefined ? {} : { endpoint }) }, problems };
}

function isWanted({ exporter, endpoint }: TracingSection, env: Env, problems: string[]): boolean {
  if (exporter !== 'auto') return exporter === 'otlp';
  if (endpoint !== undefined) return true;
  const asked = setIn(env, 'OTEL_TRACES_EXPORTER')
    ?.split(',')
    .map((name) => name.trim());
  if (asked === undefined)
    return (
      setIn(env, 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT') !== undefined ||
      setIn(env, 'OTEL_EXPORTER_OTLP_ENDPOINT') !== undefined
    );
  const unknown = asked.filter((name) => name !== 'otlp' && name !== 'none');
  if (unknown.length > 0)
    problems.push(`OTEL_TRACES_EXPORTER must be otlp or none, was ${unknown.join(', ')}: that is left out`);
  return asked.includes('otlp');
}

/**
 * Share of new traces to record. The decision of who began a trace holds for all of it: a sampler that is not based on the parent would
 * tear traces apart, and is taken as the one that is, but for `always_off`, which turns tracing off.
 */
function ratioOf(env: Env, problems: string[]): number | 'off' {
  const sampler = setIn(env, 'OTEL_TRACES_SAMPLER');
  switch (sampler) {
    case undefined:
      return DEFAULT_SAMPLE_RATIO;
    case 'always_off':
      return 'off';
    case 'parentbased_always_off':
      return 0;
    case 'always_on':
    case 'parentbased_always_on':
      return 1;
    case 'traceidratio':
    case 'parentbased_traceidratio':
      return argumentOf(env, problems);
    default:
      problems.push(
        `OTEL_TRACES_SAMPLER must be a sampler of the standard, was ${sampler}: ${DEFAULT_SAMPLE_RATIO} are sampled`,
      );
      return DEFAULT_SAMPLE_RATIO;
  }
}

function argumentOf(env: Env, problems: string[]): number {
  const text = setIn(env, 'OTEL_TRACES_SAMPLER_ARG');
  if (text === undefined) return 1;
  const ratio = Number(text);
  if (ratio >= 0 && ratio <= 1) return ratio;
  problems.push(
    `OTEL_TRACES_SAMPLER_ARG must be from 0 to 1, was ${text}: ${DEFAULT_SAMPLE_RATIO} are sampled`,
  );
  return DEFAULT_SAMPLE_RATIO;
}

/** An empty variable counts as none. */
function setIn(env: Env, name: string): string | undefined {
  const text = env[name]?.trim();
  return text === '' ? undefined : text;
}
