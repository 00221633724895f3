import { byId, element } from './dom.js';
import { dateAndTime, fixed, percent, words } from './format.js';

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

/** @param {ModelCard} model */
function modelNode(model) {
  const { name, version, digest, verdict, metrics, importance } = model;
  const rest = Object.keys(metrics).filter((key) => !FIRST.some(([first]) => first === key));
  /** @type {(key: string, label: string, format: (value: number) => string) => HTMLElement} */
  const metric = (key, label, format) => {
    const value = metrics[key];
    return pair(label, value === null || value === undefined ? 'not defined' : format(value));
  };
  return element('article', { class: 'model' }, [
    element('h3', {}, [`${name} ${version}`]),
    element('p', { class: 'digest mono' }, [digest]),
    verdict === null
      ? element('p', { class: 'report' }, ['This model came without a report of its skill.'])
      : element('p', { class: verdict.hasSkill ? 'report skilled' : 'report' }, [verdict.text]),
    Object.keys(metrics).length === 0
      ? null
      : element(
          'dl',
          { class: 'pairs', 'aria-label': 'Out of sample' },
          FIRST.map((first) => metric(...first)),
        ),
    details('More of the report', [
      element('dl', { class: 'pairs' }, [
        ...rest.map((key) =>
          metric(key, words(key).toLowerCase(), (value) => fixed(value, Number.isInteger(value) ? 0 : 4)),
        ),
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
