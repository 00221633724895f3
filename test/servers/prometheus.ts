import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { stringify } from 'yaml';

import { freePorts } from './ports.ts';
import { eventually } from '../support/eventually.ts';
import { debianProgram } from './debian-program.ts';
import type { Tool } from './tools.ts';

const START_MS = 60_000;

export const promtool: Tool = debianProgram('promtool', 'prometheus');
export const amtool: Tool = debianProgram('amtool', 'prometheus-alertmanager');
const prometheus = debianProgram('prometheus', 'prometheus');
const alertmanager = withTemplates(debianProgram('prometheus-alertmanager', 'prometheus-alertmanager'));

/** Debian's Alertmanager reads its templates from there and nowhere else, so that folder must be there, as after an installation. */
function withTemplates(tool: Tool): Tool {
  const folder = '/usr/share/prometheus/alertmanager';
  if ('missing' in tool || existsSync(folder)) return tool;
  const unpacked = join(dirname(tool.path), '../..', folder);
  // One of another make, which has its templates within.
  if (!existsSync(unpacked)) return tool;
  try {
    cpSync(unpacked, folder, { recursive: true });
    return tool;
  } catch {
    return { missing: `${folder} (Debian: prometheus-alertmanager)` };
  }
}

/** What is missing to run Prometheus and Alertmanager. */
export function prometheusMissing(): string | undefined {
  for (const tool of [promtool, amtool, prometheus, alertmanager]) if ('missing' in tool) return tool.missing;
  return undefined;
}

/** One series of an answer, with its points: seconds since 1970 and values. */
export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly points: readonly (readonly [number, number])[];
}

/** A process whose metrics are read. */
export interface ScrapeTarget {
  /** `host:port` of its `/metrics`. */
  readonly address: string;
  readonly process: string;
}

export interface PrometheusServer {
  readonly url: string;
  /** Series at this time. @throws What Prometheus says of a query that it refuses. */
  query(expr: string): Promise<readonly Series[]>;
  /** Series of the last seconds. */
  queryRange(expr: string, seconds: number, stepSeconds: number): Promise<readonly Series[]>;
  /** Alerts that fire or wait to. */
  alerts(): Promise<readonly { readonly labels: Readonly<Record<string, string>>; readonly state: string }[]>;
  stop(): Promise<void>;
}

export interface PrometheusOptions {
  /** Text of a file of rules. */
  readonly rules: string;
  readonly targets: readonly ScrapeTarget[];
  /** Prometheus' durations. */
  readonly scrapeInterval: string;
  readonly evaluationInterval: string;
  /** `host:port` of an Alertmanager. */
  readonly alertmanager?: string;
  /** What is not on by default, as Prometheus names it. */
  readonly features?: readonly string[];
}

/** Starts a Prometheus that reads the metrics of processes, as the job `tradewind`. */
export async function startPrometheus(options: PrometheusOptions): Promise<PrometheusServer> {
  const folder = mkdtempSync(join(tmpdir(), 'tradewind-prometheus-'));
  const [port] = (await freePorts(1)) as [number];
  writeFileSync(join(folder, 'rules.yaml'), options.rules);
  writeFileSync(
    join(folder, 'prometheus.yaml'),
    stringify({
      global: {
        scrape_interval: options.scrapeInterval,
        evaluation_interval: options.evaluationInterval,
      },
      rule_files: ['rules.yaml'],
      ...(options.alertmanager === undefined
        ? {}
        : { alerting: { alertmanagers: [{ static_configs: [{ targets: [options.alertmanager] }] }] } }),
      scrape_configs: [
        {
          job_name: 'tradewind',
          static_configs: options.targets.map(({ address, process }) => ({
            ...{ targets: [address], labels: { process } },
          })),
        },
      ],
    }),
  );
  const url = `http://127.0.0.1:${port}`;
  const server = await startServer(prometheus, url, folder, [
    `--config.file=${join(folder, 'prometheus.yaml')}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
    // Alerts of windows of seconds must not wait for a minute to be sent again.
    '--rules.alert.resend-delay=1s',
    ...(options.features ?? []).map((name) => `--enable-feature=${name}`),
  ]);
  const api = async (path: string): Promise<unknown> => {
    const answer = (await (await fetch(`${url}/api/v1/${path}`)).json()) as {
      readonly status: string;
      readonly data: unknown;
      readonly error?: string;
    };
    if (answer.status !== 'success') throw new Error(`Prometheus must answer ${path}, says: ${answer.error}`);
    return answer.data;
  };
  type Result = { readonly metric: Series['metric']; readonly value?: Raw; readonly values?: readonly Raw[] };
  type Raw = readonly [number, string];
  const seriesOf = async (path: string): Promise<readonly Series[]> => {
    const { result } = (await api(path)) as { readonly result: readonly Result[] };
    return result.map(({ metric, value, values }) => ({
      metric,
      points: (values ?? (value === undefined ? [] : [value])).map(([time, text]) => [time, Number(text)]),
    }));
  };
  return {
    url,
    query: (expr) => seriesOf(`query?query=${encodeURIComponent(expr)}`),
    queryRange: (expr, seconds, step) => {
      const end = Date.now() / 1000;
      return seriesOf(
        `query_range?query=${encodeURIComponent(expr)}&start=${end - seconds}&end=${end}&step=${step}`,
      );
    },
    alerts: async () => {
      const { alerts } = (await api('alerts')) as {
        readonly alerts: Awaited<ReturnType<PrometheusServer['alerts']>>;
      };
      return alerts;
    },
    stop: () => server.stop(),
  };
}

/** Starts an Alertmanager. @param config - Text of its configuration. @returns Its `host:port`. */
export async function startAlertmanager(
  config: string,
): Promise<{ readonly address: string; stop(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'tradewind-alertmanager-'));
  const [port] = (await freePorts(1)) as [number];
  const address = `127.0.0.1:${port}`;
  writeFileSync(join(folder, 'alertmanager.yaml'), config);
  const server = await startServer(alertmanager, `http://${address}`, folder, [
    `--config.file=${join(folder, 'alertmanager.yaml')}`,
    `--storage.path=${join(folder, 'data')}`,
    `--web.listen-address=${address}`,
    '--cluster.listen-address=',
  ]);
  return { address, stop: () => server.stop() };
}

async function startServer(
  tool: Tool,
  url: string,
  folder: string,
  args: readonly string[],
): Promise<{ stop(): Promise<void> }> {
  if ('missing' in tool) throw new Error(tool.missing);
  const child: ChildProcess = spawn(tool.path, [...args], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const ended = once(child, 'exit');
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await eventually(async () => {
      if (child.exitCode !== null) return 'ended';
      return (await fetch(`${url}/-/ready`)).ok;
    }, START_MS);
    if (child.exitCode !== null) throw new Error('it has ended');
  } catch (error) {
    child.kill('SIGKILL');
    throw new Error(`${tool.path} must start, has said:\n${said}`, { cause: error });
  }
  return { stop };
}
