import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { randomArtifact } from '../support/artifact.ts';
import { addressIn, startCli, type Running } from '../support/cli.ts';
import { eventually } from '../support/eventually.ts';
import { removeFolder } from '../support/remove-folder.ts';
import { NO_BROWSER, openPage, startBrowser } from './browser.ts';

describe.skipIf(NO_BROWSER !== undefined)(`the console of a run ${NO_BROWSER ?? ''}`, () => {
  let folder: string;
  let browser: Browser;
  let up: Running | undefined;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tradewind-console-'));
    browser = await startBrowser();
  });
  afterAll(async () => {
    up?.child.kill('SIGKILL');
    await browser?.close();
    await removeFolder(folder);
  });

  it('follows the simulator from bar to bar, and lets the run stop in time while it is watched', async () => {
    const model = await randomArtifact(folder);
    up = startCli(
      [
        ...['up', '--data', join(folder, 'data'), '--model', model, '--set', 'core-v1'],
        ...['--grpc-port', '0', '--http-port', '0'],
      ],
      { TRADEWIND_SIMULATOR_HISTORY_SECONDS: '120' },
    );
    const { stderr } = up;
    const address = await eventually(() => addressIn(stderr(), 'console'), 30_000);
    const { page, complaints } = await openPage(browser);
    await page.goto(`http://${address}/`);
    const textOf = (selector: string): Promise<string> => page.locator(selector).innerText();
    await eventually(async () => (await textOf('#prediction')).includes('% up'), 30_000);
    // The card is asked for beside the stream: it may come after the first prediction.
    await eventually(async () => (await textOf('#models')).includes('direction test-1'));
    expect(await textOf('#symbols')).toMatch(/ES[^]*NQ[^]*RTY[^]*YM/);
    const marketTime = await textOf('#market-time');
    const events = await textOf('#events');
    await eventually(
      async () => (await textOf('#market-time')) !== marketTime && (await textOf('#events')) !== events,
    );
    expect(complaints).toEqual([]);

    const begun = performance.now();
    up.child.kill('SIGINT');
    expect((await up.finished).code).toBe(0);
    expect(performance.now() - begun).toBeLessThan(5_000);
    await eventually(async () => (await page.locator('#connection').getAttribute('data-state')) === 'lost');
  }, 90_000);
});
