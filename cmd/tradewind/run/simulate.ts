import { parseAllDocuments } from 'yaml';

import { readMetricsTable } from '../../../pkg/rollout/simulation/metrics-table.ts';
import { type SimulatedRow, simulate, type Simulation } from '../../../pkg/rollout/simulation/simulate.ts';
import { type TradingModelSpec, tradingModelSpecSchema } from '../../../pkg/tradingmodel/spec.ts';
import type { SimulateFlags } from '../commands/simulate.ts';
import { ManifestUnusable } from '../errors.ts';
import { columns, printJson } from '../output.ts';
import { readText } from '../read-text.ts';

/**
 * Prints what the rollout of a manifest would do.
 *
 * @throws {FileUnreadable} A file is not there.
 * @throws {ManifestUnusable} The file holds no TradingModel that could be rolled out.
 * @throws {MetricsTableInvalid} The table of metrics is none.
 */
export async function simulateRollout(file: string, flags: SimulateFlags): Promise<void> {
  const { model, spec } = tradingModelIn(file, await readText(file));
  const names = spec.rollout.analysis.metrics.map(({ name }) => name);
  const rows = flags.metrics === undefined ? [] : readMetricsTable(await readText(flags.metrics), names);
  const simulation = simulate({ model, spec, rows, promotes: flags.promote === true });
  if (flags.json === true) printJson({ model, ...simulation });
  else print(model, spec, simulation);
}

function print(model: string, spec: TradingModelSpec, { outcome, message, seconds, rows }: Simulation): void {
  const count = spec.rollout.steps.length;
  const stepText = ({ step }: SimulatedRow): string => (step > count ? '-' : `${step}/${count}`);
  process.stdout.write(
    columns([
      ['SECONDS', 'STEP', 'WEIGHT', 'PHASE', 'REASON', 'WHAT'],
      ...rows.map((row) => [
        ...[String(row.seconds), stepText(row), row.isShadow ? 'shadow' : `${row.weight} %`],
        ...[row.phase, row.reason, row.message],
      ]),
    ]),
  );
  process.stdout.write(`\n${model}: ${outcome} after ${seconds} s: ${message}\n`);
}

/** The first TradingModel of a file of one or more documents. */
function tradingModelIn(
  path: string,
  text: string,
): { readonly model: string; readonly spec: TradingModelSpec } {
  const documents = parseAllDocuments(text);
  for (const document of documents) {
    const [error] = document.errors;
    if (error !== undefined) throw new ManifestUnusable(path, error.message.split('\n')[0] ?? 'no YAML');
    const object: unknown = document.toJS();
    if (!isRecord(object) || object['kind'] !== 'TradingModel') continue;
    const { metadata } = object;
    const name = isRecord(metadata) ? metadata['name'] : undefined;
    if (typeof name !== 'string') throw new ManifestUnusable(path, 'metadata.name must be a string');
    const spec = tradingModelSpecSchema.safeParse(object['spec']);
    if (spec.success) return { model: name, spec: spec.data };
    const [issue] = spec.error.issues;
    throw new ManifestUnusable(
      path,
      `${['spec', ...(issue?.path ?? [])].join('.')}: ${issue?.message ?? ''}`,
    );
  }
  throw new ManifestUnusable(path, 'no document in it is of kind TradingModel');
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
