import { CONTROLLER_REVISIONS, TRADING_MODELS } from '../../../pkg/operator/kinds.ts';
import type { HistoryFlags } from '../commands/history.ts';
import { meaningOf, openCluster } from '../kubectl/cluster.ts';
import { historyOf, historyTable } from '../kubectl/history.ts';
import { labelOf } from '../kubectl/read-view.ts';
import { columns, printJson } from '../output.ts';

/**
 * Prints the revisions of a model, the oldest first.
 *
 * @throws {ModelUnknown | DefinitionMissing | KubeconfigInvalid | KubeError}
 */
export async function showHistory(name: string, flags: HistoryFlags): Promise<void> {
  const { client, namespace } = openCluster(flags);
  const model = await client.get(TRADING_MODELS, { namespace, name }).catch((error: unknown) => {
    throw meaningOf(error, namespace, name);
  });
  const records = await client.list(CONTROLLER_REVISIONS, { namespace, labelSelector: labelOf(name) });
  const rows = historyOf(model, records.items);
  if (flags.json === true) printJson(rows);
  else if (rows.length === 0) process.stderr.write(`no revision of ${name} yet\n`);
  else process.stdout.write(columns(historyTable(rows)));
}
