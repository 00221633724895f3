import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { rulesYaml } from '../../scripts/observability/rules-yaml.ts';
import { NO_BROWSER, openPage, startBrowser } from '../console/browser.ts';
import { kafkaMissing } from '../servers/kafka.ts';
import {
  type PrometheusServer,
  prometheusMissing,
  type Series,
  startPrometheus,
} from '../servers/prometheus.ts';
import { eventually } from '../support/eventually.ts';
import { chosen, DASHBOARDS, type PanelJson } from './dashboard-panels.ts';
import { dashboardPage, type DrawnPanel } from './draw-panels.ts';
import { type LivingSystem, ROLLED_OUT, startLivingSystem } from './living-system.ts';

const missing = prometheusMissing() ?? kafkaMissing();

/** An hour is a minute. */
const SCALE = 1 / 60;
const VARIABLES = { __rate_interval: '15s', namespace: '.*', model: ROLLED_OUT };
const SHOWN_SECONDS = 45;
const START_MS = 120_000;
/** After the rollout: outcomes ripen, and recorded series of all windows are there. */
const RUN_MS = 8000;
const OUT = join(import.meta.dirname, '../../out/observability');

const panels = [...DASHBOARDS].flatMap(([dashboard, { panels: all }]) =>
  all.filter(({ type }) => type !== 'row').map((panel) => [dashboard, panel.title, panel] as const),
);

describe.skipIf(missing !== undefined)('dashboards over a system at work', () => {
  let system: LivingSystem;
  let prometheus: PrometheusServer;
  beforeAll(async () => {
    system = await startLivingSystem();
    prometheus = await startPrometheus({
      ...{ rules: rulesYaml({ scale: SCALE }), targets: system.targets },
      ...{ scrapeInterval: '1s', evaluationInterval: '1s' },
    });
    await sleep(5000);
    await system.rollOut();
    await sleep(RUN_MS);
  }, START_MS);
  afterAll(async () => {
    await prometheus?.stop();
    await system?.stop();
  });

  const ask = ({ type, targets = [] }: PanelJson): Promise<readonly (readonly Series[])[]> =>
    Promise.all(
      targets.map(({ expr, instant }) => {
        const query = chosen(expr, VARIABLES);
        expect(instant === true).toBe(type === 'stat' || type === 'bargauge');
        return instant === true ? prometheus.query(query) : prometheus.queryRange(query, SHOWN_SECONDS, 1);
      }),
    );

  it.each(panels)('%s: %s has data for each of its queries', async (_, __, panel) => {
    expect(panel.targets?.length).toBeGreaterThan(0);
    await eventually(
      async () => {
        for (const [i, series] of (await ask(panel)).entries()) {
          const values = series.flatMap(({ points }) => points.map(([, value]) => value));
          expect(values.filter(Number.isFinite).length, panel.targets![i]!.expr).toBeGreaterThan(0);
        }
        return true;
      },
      10_000,
      500,
    );
  });

  it.skipIf(NO_BROWSER !== undefined).each([...DASHBOARDS])(
    '%s can be drawn, each panel within its place',
    async (name, { title, panels: all }) => {
      const drawn = await Promise.all(
        all.map(async (panel): Promise<DrawnPanel> => ({ panel, answers: await ask(panel) })),
      );
      const browser = await startBrowser();
      try {
        const { page, complaints } = await openPage(browser, { viewport: { width: 1230, height: 800 } });
        await page.setContent(dashboardPage(title, drawn));
        expect(await page.locator('[data-panel]').count()).toBe(
          all.filter(({ type }) => type !== 'row').length,
        );
        expect(complaints).toEqual([]);
        mkdirSync(OUT, { recursive: true });
        await page.screenshot({ path: join(OUT, `${name}.png`), fullPage: true });
      } finally {
        await browser.close();
      }
    },
  );
});
