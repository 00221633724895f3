import type { MetricSet } from './metrics/metric-set.ts';
import type { TrainingReport } from './report.ts';

/** Cells of a table, the first row being its head. */
export type Table = readonly (readonly string[])[];

/** Features shown in the table of importance. */
const TOP_FEATURES = 15;

/** The report for a terminal: verdict and warnings first, then the figures. Ends with a line feed. */
export function reportText(report: TrainingReport): string {
  const parts = [
    report.verdict.text,
    ...report.warnings.map((warning) => `warning: ${warning}`),
    '',
    summaryLines(report).join('\n'),
    '',
    'Out of sample, per fold and pooled',
    textTable(metricsTable(report)),
    '',
    `Trading after costs of ${report.label.costBps} bps per round trip (long above ${band(report, 1)}, short below ${band(report, -1)})`,
    textTable(tradingTable(report)),
    '',
    'Members, out of sample',
    textTable(membersTable(report)),
    '',
    'Importance (share of gain over the tree members)',
    textTable(importanceTable(report)),
  ];
  return `${parts.join('\n')}\n`;
}

/** What was trained on, one fact per line. */
export function summaryLines({ label, rows, symbols, absentFeatures, ...report }: TrainingReport): string[] {
  const horizon = label.kind === 'next-mid-move' ? '' : `, horizon ${label.horizonBars} bars`;
  return [
    `label     ${label.kind}${horizon}, cost ${label.costBps} bps, embargo ${report.embargoBars} bars`,
    `rows      ${rows.kept} of ${rows.given} (warm-up ${rows.warmUp}, dead zone ${rows.deadZone}, no future ${rows.noFuture}, no volatility ${rows.noVolatility})`,
    `symbols   ${symbols.join(', ')}`,
    ...(absentFeatures.length === 0 ? [] : [`absent    ${absentFeatures.join(', ')}`]),
    `window    ${utc(report.fromTimeUs)} to ${utc(report.toTimeUs)}`,
    `p-value   ${report.permutations} shuffles of blocks of ${report.blockRows} rows`,
    `made by   XGBoost ${report.xgboostVersion}, seed ${report.seed}, data ${report.dataDigest}`,
  ];
}

/** A column per fold and one for all of them. */
export function metricsTable({ folds, pooled }: TrainingReport): Table {
  const columns = [...folds.map(({ metrics }) => metrics), pooled];
  const row = (name: string, of: (metrics: MetricSet) => string): string[] => [name, ...columns.map(of)];
  return [
    ['', ...folds.map(({ fold }) => `fold ${fold}`), 'pooled'],
    ['train rows', ...folds.map(({ trainRows }) => String(trainRows)), ''],
    row('test rows', ({ rows }) => String(rows)),
    ['purged', ...folds.map(({ purged }) => String(purged)), ''],
    ['embargoed', ...folds.map(({ embargoed }) => String(embargoed)), ''],
    row('base rate', ({ baseRate }) => fixed(baseRate)),
    row('accuracy', ({ accuracy }) => fixed(accuracy)),
    row('balanced accuracy', ({ balancedAccuracy }) => fixed(balancedAccuracy)),
    row('precision', ({ precision }) => fixed(precision)),
    row('recall', ({ recall }) => fixed(recall)),
    row('F1', ({ f1 }) => fixed(f1)),
    row('ROC AUC', ({ rocAuc }) => fixed(rocAuc)),
    row('log loss', ({ logLoss }) => fixed(logLoss)),
    row('Brier', ({ brier }) => fixed(brier)),
    row('ECE', ({ ece }) => fixed(ece)),
    row('rank IC', ({ rankIc }) => fixed(rankIc)),
    row('p-value', ({ pValue }) => fixed(pValue)),
  ];
}

export function tradingTable({ folds, pooled }: TrainingReport): Table {
  const columns = [...folds.map(({ metrics }) => metrics.trading), pooled.trading];
  const row = (name: string, of: (trading: MetricSet['trading']) => string): string[] => [
    name,
    ...columns.map(of),
  ];
  return [
    ['', ...folds.map(({ fold }) => `fold ${fold}`), 'pooled'],
    row('decisions', ({ decisions }) => String(decisions)),
    row('trades', ({ trades }) => String(trades)),
    row('net return %', ({ netReturn }) => fixed(netReturn * 100)),
    row('Sharpe per period', ({ sharpe }) => fixed(sharpe)),
    row('probabilistic Sharpe', ({ probabilisticSharpe }) => fixed(probabilisticSharpe)),
    row('max drawdown %', ({ maxDrawdown }) => fixed(maxDrawdown * 100)),
    row('turnover', ({ turnover }) => fixed(turnover)),
    row('hit rate', ({ hitRate }) => fixed(hitRate)),
  ];
}

export function membersTable({ members }: TrainingReport): Table {
  return [
    ['member', 'kind', 'weight', 'accuracy', 'ROC AUC', 'log loss'],
    ...members.map((member) => [
      member.name,
      member.kind,
      fixed(member.weight),
      fixed(member.accuracy),
      fixed(member.rocAuc),
      fixed(member.logLoss),
    ]),
  ];
}

/** The features with the largest share of the gain. */
export function importanceTable({ importance }: TrainingReport): Table {
  return [
    ['feature', 'share'],
    ...importance.slice(0, TOP_FEATURES).map(({ feature, share }) => [feature, fixed(share)]),
  ];
}

/** First column to the left, the others to the right. */
function textTable(table: Table): string {
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  return table
    .map((row) =>
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function band({ tradeBand }: TrainingReport, side: 1 | -1): string {
  return (0.5 + side * tradeBand).toFixed(2);
}

function fixed(value: number): string {
  return Number.isFinite(value) ? value.toFixed(4) : '-';
}

/** ISO 8601 to the second, UTC. */
export function utc(timeUs: number): string {
  return `${new Date(timeUs / 1000).toISOString().slice(0, 19)}Z`;
}
