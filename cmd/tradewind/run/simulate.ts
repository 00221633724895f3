import { readMetricsTable } from '../../../pkg/rollout/simulation/metrics-table.ts';
import { type SimulatedRow, simulate, type Simulation } from '../../../pkg/rollout/simulation/simulate.ts';
import { lint } from '../../../pkg/tradingmodel/lint.ts';
import { type TradingModelSpec, tradingModelSpecSchema } from '../../../pkg/tradingmodel/spec.ts';
import { readYaml } from '../../../pkg/tradingmodel/yaml-source.ts';
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

/** The first TradingModel of a file, which the API server would take. */
function tradingModelIn(
  path: string,
  text: string,
): { readonly model: string; readonly spec: TradingModelSpec } {
  const fault = lint([{ name: path, text }]).findings.find(({ severity }) => severity === 'fault');
  if (fault !== undefined) {
    const { line, field, message } = fault;
    throw new ManifestUnusable(path, `line ${line}${field === '' ? '' : `, ${field}`}: ${message}`);
  }
  for (const { value } of readYaml(text).objects) {
    if (!isRecord(value) || value['kind'] !== 'TradingModel' || !isRecord(value['metadata'])) continue;
    const spec = tradingModelSpecSchema.parse(value['spec']);
    return { model: String(value['metadata']['name']), spec };
  }
  throw new ManifestUnusable(path, 'no document in it is of kind TradingModel');
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
