import { byId, element } from './dom.js';
import { count, dateAndTime, fixed, percent, words } from './format.js';

/** @import { ModelCard } from '../messages.ts' */

/** Metrics shown first, with how they are written. @type {readonly (readonly [string, string, (value: number) => string])[]} */
const FIRST = [
  ['accuracy', 'accuracy', percent],
  ['baseRate', 'base rate', percent],
  ['logLoss', 'log loss', (value) => fixed(value, 4)],
  ['rocAuc', 'ROC AUC', (value) => fixed(value, 3)],
  ['brier', 'Brier', (value) => fixed(value, 4)],
  ['pValue', 'p-value', (value) => fixed(value, 3)],
];

/** The further metrics, in order; one that is not named here goes by its own name. @type {typeof FIRST} */
const MORE = [
  ['rows', 'rows tested on', count],
  ['upShare', 'share that rose', percent],
  ['balancedAccuracy', 'balanced accuracy', percent],
  ['precision', 'precision', percent],
  ['recall', 'recall', percent],
  ['f1', 'F1', (value) => fixed(value, 3)],
  ['ece', 'calibration error', percent],
  ['rankIc', 'rank IC', (value) => fixed(value, 4)],
  ['decisions', 'decisions', count],
  ['trades', 'trades', count],
  ['netReturn', 'net return', hundredths],
  ['sharpe', 'Sharpe per period', (value) => fixed(value, 4)],
  ['probabilisticSharpe', 'probabilistic Sharpe', (value) => fixed(value, 4)],
  ['maxDrawdown', 'max drawdown', hundredths],
  ['turnover', 'turnover', (value) => fixed(value, 4)],
  ['hitRate', 'trades that gained', percent],
];

/** Of returns, which are small: a percentage to its ten thousandths, as the model card has it. @param {number} value */
function hundredths(value) {
  return `${fixed(value * 100, 4)} %`;
}

/**
 * Shows the models that serve, with their reports.
 *
 * @param {readonly ModelCard[]} models
 * @param {string} waiting - What to say while there is none.
 */
export function showModels(models, waiting) {
  const nodes = models.map(modelNode);
  byId('models').replaceChildren(
    ...(nodes.length > 0 ? nodes : [element('p', { class: 'empty' }, [waiting])]),
  );
}

/**
 * A revision and its part in the traffic, in words.
 *
 * @param {NonNullable<ModelCard['rollout']>} rollout
 */
function rolloutText({ revision, weight, isShadow }) {
  return `${revision}: ${isShadow ? 'shadow, answers nobody' : `answers for ${weight} % of the symbols`}`;
}

/** @param {ModelCard} model */
function modelNode(model) {
  const { name, version, digest, metrics, importance } = model;
  const named = new Set([...FIRST, ...MORE].map(([key]) => key));
  const rest = Object.keys(metrics).filter((key) => !named.has(key));
  /** @type {(key: string, label: string, format: (value: number) => string) => HTMLElement} */
  const metric = (key, label, format) => {
    const value = metrics[key];
    return pair(label, value === null || value === undefined ? 'not defined' : format(value));
  };
  return element('article', { class: 'model' }, [
    element('h3', {}, [`${name} ${version}`]),
    model.rollout === null ? null : element('p', {}, [rolloutText(model.rollout)]),
    element('p', { class: 'digest mono' }, [digest]),
    ...judgement(model),
    Object.keys(metrics).length === 0
      ? null
      : element(
          'dl',
          { class: 'pairs', 'aria-label': 'Out of sample' },
          FIRST.map((first) => metric(...first)),
        ),
    details('More of the report', [
      element('dl', { class: 'pairs' }, [
        ...MORE.filter(([key]) => key in metrics).map((more) => metric(...more)),
        ...rest.map((key) =>
          metric(key, words(key).toLowerCase(), (value) => fixed(value, Number.isInteger(value) ? 0 : 4)),
        ),
      ]),
      element('dl', { class: 'pairs long' }, [
        pair('feature set', model.featureSet),
        pair('features', String(model.features)),
        pair('members', model.members.join(', ')),
        pair('trained from', dateAndTime(model.trainedFromMs)),
        pair('trained to', dateAndTime(model.trainedToMs)),
        pair('made by', model.codeVersion),
      ]),
      element('p', { class: 'digest mono' }, [`data ${model.dataDigest}`]),
    ]),
    importance.length === 0 ? null : details('What its trees look at', [importanceList(importance)]),
  ]);
}

/**
 * What the report comes to, and under it all that must be known before believing it. Good news only where there is skill and
 * no sign of a leak.
 *
 * @param {ModelCard} model
 * @returns {(HTMLElement | null)[]}
 */
function judgement({ verdict, warnings, isTooGood }) {
  if (verdict === null)
    return [element('p', { class: 'report' }, ['This model came without a report of its skill.'])];
  const isGood = verdict.hasSkill && !isTooGood;
  const said = warnings ?? (isTooGood ? ['So high an accuracy is a leak until proven otherwise.'] : []);
  return [
    element('p', { class: isGood ? 'report skilled' : 'report' }, [verdict.text]),
    said.length === 0
      ? null
      : element(
          'ul',
          { class: 'warnings', 'aria-label': 'Warnings' },
          said.map((warning) => element('li', {}, [warning])),
        ),
  ];
}

/** @type {(summary: string, children: readonly Node[]) => HTMLElement} */
const details = (summary, children) =>
  element('details', {}, [element('summary', {}, [summary]), ...children]);

/** @type {(name: string, value: string) => HTMLElement} */
const pair = (name, value) => element('div', {}, [element('dt', {}, [name]), element('dd', {}, [value])]);

/** @param {ModelCard['importance']} importance */
function importanceList(importance) {
  const most = Math.max(...importance.map(({ share }) => share));
  return element(
    'ul',
    { class: 'rows' },
    importance.map(({ feature, share }) => {
      const fill = element('i', { class: 'fill' });
      fill.style.transform = `scaleX(${most === 0 ? 0 : share / most})`;
      return element('li', {}, [
        element('span', { class: 'name' }, [feature]),
        element('span', { class: 'track' }, [fill]),
        element('span', { class: 'number' }, [percent(share)]),
      ]);
    }),
  );
}
