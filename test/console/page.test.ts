import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { NO_BROWSER, openPage, startBrowser } from './browser.ts';
import { type ConsoleServer, startConsole } from './console-server.ts';
import { eventually } from '../support/eventually.ts';

describe.skipIf(NO_BROWSER !== undefined)(`the console in Chromium ${NO_BROWSER ?? ''}`, () => {
  let browser: Browser;
  let server: ConsoleServer;
  let page: Page;
  let complaints: readonly string[];

  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(() => browser?.close());
  beforeEach(async () => {
    server = await startConsole();
    ({ page, complaints } = await openPage(browser, { viewport: { width: 1280, height: 900 } }));
  });
  afterEach(async () => {
    await page.context().close();
    await server.stop();
  });

  const open = async (): Promise<void> => {
    await page.goto(`http://127.0.0.1:${server.port}/`);
    await connectionIs('live');
  };
  const textOf = (selector: string): Promise<string> => page.locator(selector).innerText();
  const shows = (selector: string, text: string) =>
    eventually(async () => {
      const shown = await textOf(selector);
      if (!shown.includes(text)) throw new Error(`${selector} must show '${text}', was '${shown}'`);
      return true;
    });
  const connectionIs = (state: string) =>
    eventually(async () => (await page.locator('#connection').getAttribute('data-state')) === state);
  /** Moves the market on while the page follows. */
  const bars = (symbol: string, count: number, probabilityUp?: number): void => {
    for (let i = 0; i < count; i += 1) server.bar(symbol, 5000 + i / 4, probabilityUp);
  };

  it('says what is going on before there is data, while the first model is trained, and when it could not be', async () => {
    await open();
    await shows('#price-chart', 'No data yet');
    await shows('#events', 'waiting for the first event');
    bars('ES', 3);
    await shows('#prediction', 'Training the first model');
    await shows('#models', 'Training the first model on the past of this stream (boosted, 40 %)');
    server.failTraining('too few rows');
    await shows('#models', 'No model is served (too few rows)');
    await shows('#prediction', 'No model is served (too few rows)');
    expect(complaints).toEqual([]);
  });

  it('shows price, prediction, members, features, latency, model and events as they come, with no complaint', async () => {
    bars('ES', 40, 0.45);
    server.serveModel();
    await open();
    await shows('#price-figures', '5,009.50 × 3');
    await shows('#prediction', '45.0 % up');
    await shows('#prediction', 'boosted');
    await shows('#features', 'not ready');
    await shows('#latency', '100.0 % within 50 ms');
    await shows('#models', 'No skill');
    await shows('#models', `sha256:${'ab'.repeat(32)}`);
    server.bar('ES', 4321.5, 0.71);
    await shows('#price-figures', '4,321.25');
    await shows('#prediction', '71.0 % up');
    await shows('.prediction .call', 'Buy');
    await shows('#events', '41');
    const inked = await page.evaluate<readonly boolean[]>(
      `[...document.querySelectorAll('canvas')].map((canvas) =>
        canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some((value) => value !== 0))`,
    );
    expect(inked).toEqual([true, true]);
    expect(complaints).toEqual([]);
  });

  it('shows warnings beside the verdict, and calls good only what has skill and no sign of a leak', async () => {
    server.serveModel();
    const skill = { accuracy: 0.54, baseRate: 0.51, pValue: 0.002, logLoss: 0.68, upShare: 0.51 };
    server.serveModel({ version: 'skilled', warnings: [], metrics: { ...skill, balancedAccuracy: 0.54 } });
    const leak = { ...skill, accuracy: 0.57, balancedAccuracy: 0.57 };
    server.serveModel({ version: 'leaky', warnings: ['A leak until proven otherwise.'], metrics: leak });
    await open();
    await shows('#models', 'earns nothing after costs');
    await shows('#models', 'A leak until proven otherwise.');
    const good = await page.locator('.model:has(.report.skilled) h3').allInnerTexts();
    expect(good).toEqual(['direction skilled']);
    const borders = await page.evaluate<readonly string[]>(
      `['.report:not(.skilled)', '.warnings li', '.report.skilled'].map((selector) =>
        getComputedStyle(document.querySelector(selector)).borderLeftColor)`,
    );
    expect(borders[1]).toBe(borders[0]);
    expect(borders[2]).not.toBe(borders[0]);
    await page.locator('.model summary').first().click();
    await shows('#models', '0.5212 %');
  });

  it('says until when a model has learnt from the past, and marks the bars that it is silent on', async () => {
    server.serveModel();
    for (let i = 0; i < 40; i += 1) server.trainedBar('ES', 5000 + i / 4);
    await open();
    await shows('#probability-chart', 'Predictions start after 2026-01-05 14:30:00');
    await shows('#prediction', 'abstained: in the training window 40');
    expect(await page.locator('#probability-chart .uplot').isVisible()).toBe(true);
  });

  it('holds predictions against what came', async () => {
    await open();
    await shows('#score', 'Training the first model');
    server.serveModel();
    server.bar('ES', 5000, 0.7);
    await shows('#score', 'No prediction has its outcome yet');
    await shows('#score', 'whether the close is higher 1 bar later');
    for (const price of [5001, 5002, 5001, 5001]) server.bar('ES', price, 0.7);
    await shows('#score', 'Right in 66.7 % of 3 outcomes');
    await shows('#score', 'Too few outcomes');
    const rows = await page.locator('#score tbody tr').allInnerTexts();
    expect(rows.map((row) => row.split(/\s*\t\s*/))).toEqual([
      ['share right', '66.7 %', '66.7 %'],
      ['of the mid price', '66.7 %', ''],
      ['log loss', '0.6391', '0.6365'],
      ['Brier score', '0.2233', '0.2222'],
    ]);
    expect(await page.locator('#score .pairs').innerText()).toMatch(/unmoved\s+1/);
    expect(complaints).toEqual([]);
  });

  it('switches symbols by keyboard, keeps the choice over a reload, and has a way past the header', async () => {
    bars('ES', 5, 0.5);
    bars('NQ', 5, 0.3);
    await open();
    await shows('#prediction', '50.0 % up');
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the market');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.value')).toBe('ES');
    await page.keyboard.press('ArrowRight');
    await shows('#prediction', '30.0 % up');
    await shows('#announce', 'Showing NQ');
    const outline = await page.evaluate(
      `getComputedStyle(document.activeElement.closest('label')).outlineStyle`,
    );
    expect(outline).toBe('solid');
    await page.reload();
    await shows('#prediction', '30.0 % up');
  });

  it('follows the colour scheme of the system until the button chooses, and keeps the choice', async () => {
    const background = () => page.evaluate('getComputedStyle(document.documentElement).backgroundColor');
    await page.emulateMedia({ colorScheme: 'light' });
    await open();
    const light = await background();
    await page.emulateMedia({ colorScheme: 'dark' });
    const dark = await background();
    expect(dark).not.toBe(light);
    await page.getByRole('button', { name: 'Use light colours' }).click();
    expect(await background()).toBe(light);
    await page.reload();
    expect(await background()).toBe(light);
  });

  it.each([320, 390, 768])('fits a screen of %i px without scrolling sideways', async (width) => {
    await page.setViewportSize({ width, height: 844 });
    for (const symbol of ['ES', 'NQ', 'BTCUSDT-PERPETUAL']) bars(symbol, 30, 0.55);
    server.serveModel();
    await open();
    await shows('#models', 'accuracy');
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
  });

  it('keeps the bounds of the latencies apart on a phone', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    bars('ES', 299, 0.5);
    await open();
    await shows('#latency', 'within 50 ms');
    const boxes = await page.evaluate<readonly (readonly [number, number])[]>(
      `[...document.querySelector('.scale').children]
        .filter((node) => getComputedStyle(node).visibility === 'visible' && node.textContent !== '')
        .map((node) => {
          const range = document.createRange();
          range.selectNodeContents(node);
          const { left, right } = range.getBoundingClientRect();
          return [left, right];
        })`,
    );
    expect(boxes.length).toBeGreaterThan(2);
    boxes.slice(1).forEach(([left], i) => expect(left).toBeGreaterThan(boxes[i]![1]));
  });

  it('says when the server is away, comes back by itself, and shows the new run from its start', async () => {
    bars('ES', 10, 0.5);
    await open();
    await shows('#symbols', 'ES');
    const { port } = server;
    await server.stop();
    await connectionIs('lost');
    await shows('#notice', 'The page goes on by itself');
    await page.evaluate('scrollTo(0, document.body.scrollHeight)');
    const { top, bottom } = await page.evaluate<{ top: number; bottom: number }>(
      `document.getElementById('notice').getBoundingClientRect().toJSON()`,
    );
    expect([top >= 0, bottom <= 900]).toEqual([true, true]);
    expect(await page.evaluate('getComputedStyle(document.querySelector(".grid")).opacity')).not.toBe('1');
    const before = await textOf('#prediction-age');
    await eventually(async () => (await textOf('#prediction-age')) !== before);
    server = await startConsole(port);
    server.bar('YM', 40_000, 0.62);
    await connectionIs('live');
    await shows('#symbols', 'YM');
    expect(await textOf('#symbols')).not.toContain('ES');
    expect(await page.locator('#notice').isVisible()).toBe(false);
  });
});
