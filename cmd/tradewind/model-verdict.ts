import { join } from 'node:path';

import { CARD_FILE } from '../../pkg/artifacts/artifact.ts';
import type { Manifest } from '../../pkg/artifacts/manifest.ts';
import { type Verdict, verdictOnMetrics } from '../../pkg/ml/report.ts';

/** What is to be said of a model wherever its figures are. */
export interface ModelVerdict {
  /** Null where the artifact has not the figures for one. */
  readonly verdict: Verdict | null;
  readonly warnings: readonly string[];
}

export function modelVerdict({
  metrics,
  warnings = [],
}: Pick<Manifest, 'metrics' | 'warnings'>): ModelVerdict {
  return { verdict: verdictOnMetrics(metrics), warnings };
}

/** The verdict in a sentence. */
export const verdictText = ({ verdict }: ModelVerdict): string =>
  verdict?.text ?? 'No verdict: the artifact has not the figures for one. Do not trade on this model.';

/** The verdict in a word or two, for a column. */
export function verdictWords({ verdict, warnings }: ModelVerdict): string {
  if (verdict === null) return 'not known';
  if (!verdict.hasSkill) return 'none';
  return warnings.length === 0 ? 'yes' : `yes, ${warnings.length} warning${warnings.length === 1 ? '' : 's'}`;
}

/** Verdict, warnings and where more is said, a line each. */
export function verdictLines(directory: string, said: ModelVerdict): readonly string[] {
  return [
    verdictText(said),
    ...said.warnings.map((warning) => `warning: ${warning}`),
    `more in ${join(directory, CARD_FILE)}`,
  ];
}
