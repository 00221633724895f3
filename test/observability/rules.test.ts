import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';

import { BURN_WINDOWS } from '../../pkg/slo/burn-windows.ts';
import type { RuleGroup } from '../../pkg/slo/rules.ts';
import { amtool, promtool } from '../servers/prometheus.ts';
import {
  BUDGET_SITUATION,
  BURN_SITUATIONS,
  CALM_SITUATIONS,
  CLOSED_SITUATION,
  TEXT_SITUATION,
} from './burn-cases.ts';
import { CAUSE_SITUATIONS } from './cause-cases.ts';
import { promtoolTests, type Situation } from './rule-case.ts';

/** Groups that alerts on budgets are made from. */
const BURNS = /^tradewind-slo(-slow|-alerts)?$/;
const ROOT = join(import.meta.dirname, '../..');
const PROMETHEUS = join(ROOT, 'deploy/prometheus');
const RULES = join(PROMETHEUS, 'rules.yaml');

const groups = (parse(readFileSync(RULES, 'utf8')) as { readonly groups: readonly RuleGroup[] }).groups;
const alerts = groups.flatMap(({ rules }) => rules.filter(({ alert }) => alert !== undefined));
const SITUATIONS = [
  ...BURN_SITUATIONS,
  ...CALM_SITUATIONS,
  CLOSED_SITUATION,
  TEXT_SITUATION,
  ...CAUSE_SITUATIONS,
];
const nameOf = (alert: string, window: string | undefined): string => `${alert} ${window ?? ''}`.trim();

describe('every alert', () => {
  const cases = SITUATIONS.flatMap((situation) => situation.cases);
  const named = alerts.map(({ alert, labels }) => [nameOf(alert!, labels?.['window'])] as const);

  it('is there once', () => {
    expect(named.length).toBeGreaterThan(30);
    expect(new Set(named.flat()).size).toBe(named.length);
  });

  it.each(named)('%s has a situation in which it fires and one in which it does not', (name) => {
    const own = cases.filter(({ alert, window }) => nameOf(alert, window) === name);
    expect(own.some(({ fires }) => fires !== undefined)).toBe(true);
    expect(own.some(({ fires }) => fires === undefined)).toBe(true);
  });

  it.each(alerts.map(({ alert, annotations, labels }) => [alert!, annotations, labels] as const))(
    '%s has a severity, a summary and a page that says what to do',
    (alert, annotations, labels) => {
      expect(['page', 'ticket']).toContain(labels?.['severity']);
      expect(annotations?.['summary']).toMatch(/\w/);
      const page = join(ROOT, annotations!['runbook_url']!);
      expect(existsSync(page), page).toBe(true);
      const text = readFileSync(page, 'utf8');
      expect(text).toMatch(new RegExp(`^# ${alert}\n`));
      for (const heading of ['What it means for trading', 'Look', 'Do'])
        expect(text, page).toContain(`\n## ${heading}\n`);
    },
  );

  it('is on the list of the runbooks, and so is nothing else', () => {
    const index = readFileSync(join(ROOT, 'docs/runbooks/README.md'), 'utf8');
    const listed = [...index.matchAll(/^\| \[`(\w+)`\]/gm)].map(([, name]) => name!);
    expect(listed.toSorted()).toEqual([...new Set(alerts.map(({ alert }) => alert!))].toSorted());
  });
});

describe.skipIf('missing' in promtool)('Prometheus', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'tradewind-rules-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  function run(args: readonly string[]): string {
    const { path } = promtool as { path: string };
    const { status, stdout, stderr } = spawnSync(path, args, { cwd: PROMETHEUS, encoding: 'utf8' });
    return status === 0 ? '' : `${stdout}\n${stderr}`;
  }

  it('takes the configuration and the rules', () => {
    expect(run(['check', 'config', 'prometheus.yaml'])).toBe('');
    expect(run(['check', 'rules', 'rules.yaml'])).toBe('');
  });

  /** With no more groups than needed: each is evaluated again for every step of days. */
  const check = (needed: RegExp, situations: readonly Situation[]): void => {
    const used = groups.filter(({ name }) => needed.test(name));
    writeFileSync(join(folder, 'rules.yaml'), stringify({ groups: used }));
    const file = join(folder, 'tests.yaml');
    writeFileSync(file, promtoolTests('rules.yaml', used, situations));
    expect(run(['test', 'rules', file])).toBe('');
  };

  it.each(BURN_SITUATIONS.map((situation) => [situation.name, situation] as const))(
    'raises the alert of its window for %s, and lets it go afterwards',
    (_, situation) => check(BURNS, [situation]),
  );

  it('raises no alert within the budget, nor where nothing happens', () => check(BURNS, CALM_SITUATIONS));

  it('pages of old data while a market is closed, as long as the routes mute it', () =>
    check(BURNS, [CLOSED_SITUATION]));

  it('says what burns', () => check(BURNS, [TEXT_SITUATION]));

  it('raises each alert on a cause when it should', () => check(/causes/, CAUSE_SITUATIONS));

  it('reckons what is left of a budget', () => check(/slo|budget/, [BUDGET_SITUATION]));
});

describe('the example of routes', () => {
  interface Span {
    readonly start_time: string;
    readonly end_time: string;
  }
  const example = parse(readFileSync(join(PROMETHEUS, 'alertmanager.yaml'), 'utf8')) as {
    readonly route: {
      readonly routes: readonly {
        readonly matchers: readonly string[];
        readonly mute_time_intervals?: readonly string[];
      }[];
    };
    readonly time_intervals: readonly {
      readonly name: string;
      readonly time_intervals: readonly {
        readonly weekdays: readonly string[];
        readonly times?: readonly Span[];
      }[];
    }[];
  };
  const mutesOf = (alert: string): readonly string[] | undefined =>
    example.route.routes.find(({ matchers }) => matchers.join() === `alertname = "${alert}"`)
      ?.mute_time_intervals;

  it('mutes old data while the market is closed, whatever the severity', () => {
    expect(mutesOf('DataStale')).toEqual(['market-closed', 'first-minutes']);
    expect(mutesOf('FreshnessBudgetBurns')).toEqual(['market-closed', 'first-half-hour']);
  });

  it('mutes a burn after the market has opened for as long as its short window remembers closed hours', () => {
    const timesOf = (name: string) =>
      example.time_intervals
        .find((interval) => interval.name === name)!
        .time_intervals.flatMap(({ weekdays, times = [] }) =>
          weekdays.flatMap((day) => times.map((span) => ({ day, ...span }))),
        );
    const openings = timesOf('market-closed').filter(({ end_time: end }) => end !== '24:00');
    expect(openings.length).toBeGreaterThan(0);
    const minutes = Math.max(
      ...BURN_WINDOWS.filter(({ severity }) => severity === 'page').map(
        ({ shortSeconds }) => shortSeconds / 60,
      ),
    );
    expect(timesOf('first-half-hour')).toEqual(
      openings.map(({ day, end_time: end }) => ({
        ...{ day, start_time: end, end_time: end.replace(/\d\d$/, String(minutes)) },
      })),
    );
  });
});

describe.skipIf('missing' in amtool)('Alertmanager', () => {
  it('takes the example of routes', () => {
    const { path } = amtool as { path: string };
    const args = ['check-config', join(PROMETHEUS, 'alertmanager.yaml')];
    const { status, stdout, stderr } = spawnSync(path, args, { encoding: 'utf8' });
    expect(stdout + stderr).not.toContain('FAILED');
    expect(status).toBe(0);
  });
});
