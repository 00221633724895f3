/**
 * The trainer process: reads one TrainingJob as JSON from the file named on its command line, tells its parent how far it is, and ends. XGBoost
 * computes on this process's own thread, so nothing that must answer shares it.
 */
import { readFileSync } from 'node:fs';

import { findXgboost } from '../../pkg/ml/xgboost/find.ts';
import { loadXgboost } from '../../pkg/ml/xgboost/xgboost.ts';
import { reportText } from '../../pkg/ml/report-text.ts';
import { runTraining } from '../../pkg/training/run-training.ts';
import type { TrainerMessage, TrainingJob } from '../../pkg/training/training-job.ts';
import { EXIT_CODES, TradewindError } from '../../pkg/runtime/errors.ts';

const tell = (message: TrainerMessage): void => void process.send?.(message);

try {
  const { job, xgboost } = JSON.parse(readFileSync(process.argv[2]!, 'utf8')) as {
    readonly job: TrainingJob;
    readonly xgboost: Parameters<typeof findXgboost>[0];
  };
  const { digest, version, report } = await runTraining(job, {
    xgboost: loadXgboost(findXgboost(xgboost)),
    onProgress: (stage, done, total) => tell({ kind: 'progress', stage, done, total }),
  });
  tell({
    kind: 'done',
    digest,
    version,
    reportText: reportText(report),
    report: JSON.parse(JSON.stringify(report)) as unknown,
  });
} catch (error) {
  const known = error instanceof TradewindError;
  const message = error instanceof Error ? error.message : String(error);
  tell({
    kind: 'failed',
    code: known ? error.code : 'Internal',
    errorKind: known ? error.kind : 'internal',
    message,
  });
  process.exitCode = known ? EXIT_CODES[error.kind] : EXIT_CODES.internal;
} finally {
  // The channel to the parent would keep this process alive.
  process.disconnect?.();
}
