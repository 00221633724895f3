import type { TrainingReport } from './report.ts';
import {
  importanceTable,
  membersTable,
  metricsTable,
  summaryLines,
  type Table,
  tradingTable,
} from './report-text.ts';

/** What a card says beyond the report. */
export interface ModelCardFacts {
  readonly name: string;
  readonly version: string;
  /** E.g. `core-v1`. */
  readonly featureSet: string;
  /** E.g. `time:1000`. */
  readonly bar: string;
  /** Where the rows came from, one sentence. */
  readonly source?: string;
}

/**
 * Text of `MODEL_CARD.md`: what the model is for, how it was made and validated, and what its numbers do not say.
 *
 * @see Mitchell et al. (2019), Model Cards for Model Reporting, FAT*, arXiv 1810.03993 (the sections).
 */
export function modelCard(report: TrainingReport, facts: ModelCardFacts): string {
  const { label, verdict, warnings, tradeBand } = report;
  const sections = [
    `# ${facts.name} ${facts.version}`,
    `**${verdict.text}**`,
    warnings.map((warning) => `- ${warning}`).join('\n'),
    '## Model',
    `Probability that ${labelText(report)}, from the features of set ${facts.featureSet} at the close of each bar ` +
      `(${facts.bar}). Five members, boosted trees, DART, a random forest, a linear model and a neural network, are ` +
      'stacked by a logistic regression on their out-of-fold log-odds and calibrated by Platt scaling.',
    '## Intended use',
    'A research and paper-trading signal for the symbols below. It knows nothing of orders, positions or limits: the ' +
      'risk service decides whether a signal may become an order. It says nothing about other symbols, other bar ' +
      'clocks or times unlike those of the training window.',
    '## Data',
    facts.source ?? '',
    codeBlock(summaryLines(report)),
    '## Validation',
    'Walk-forward with an expanding window. A training row is dropped where its label interval overlaps the test ' +
      `block, and within ${report.embargoBars} bars of it. The stacker and the calibration that score a fold were ` +
      'fitted on earlier folds only. Every figure is out of sample.',
    markdownTable(metricsTable(report)),
    'The p-value is the share of block-wise shuffles of the labels, within folds, that reach the measured log loss: ' +
      'a model that knows only the base rate gets 1.',
    '### Trading after costs',
    `A round trip costs ${label.costBps} bps; long above ${(0.5 + tradeBand).toFixed(2)}, short below ` +
      `${(0.5 - tradeBand).toFixed(2)}; fills at the price of the bar, equal capital in each symbol, no slippage or ` +
      'impact. The Sharpe ratio is per holding period, not annualised.',
    markdownTable(tradingTable(report)),
    '### Members',
    markdownTable(membersTable(report)),
    '## Importance',
    'Share of the total gain of splits, mean over the three tree members. It says what the trees used, not what moves ' +
      'the market.',
    markdownTable(importanceTable(report)),
    '## Limits',
    'Figures of the past do not hold when the regime changes; watch the drift and skill measured on live predictions. ' +
      'A p-value is about this one run: trying many settings and keeping the best makes it too small.',
  ];
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

function labelText({ label }: TrainingReport): string {
  const bars = `${label.horizonBars} bar${label.horizonBars === 1 ? '' : 's'}`;
  switch (label.kind) {
    case 'next-return':
      return `the close is higher ${bars} later (moves up to ${label.costBps} bps were left out of training)`;
    case 'next-mid-move':
      return 'the next change of the mid price is upward';
    case 'triple-barrier':
      return `the price rises by ${label.upSigmas} standard deviations before it falls by ${label.downSigmas}, within ${bars}`;
  }
}

function codeBlock(lines: readonly string[]): string {
  return ['```text', ...lines, '```'].join('\n');
}

function markdownTable([head, ...rows]: Table): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const ruler = head!.map((_, column) => (column === 0 ? '---' : '---:'));
  return [line(head!), line(ruler), ...rows.map(line)].join('\n');
}
