import { type Browser, type BrowserContextOptions, chromium as playwright, type Page } from 'playwright-core';

import { chromium } from '../servers/tools.ts';

const tool = chromium();

/** Why there is no browser to test with; `undefined` where there is one. */
export const NO_BROWSER: string | undefined = 'missing' in tool ? `needs ${tool.missing}` : undefined;

/** Starts the system's Chromium without a window. */
export function startBrowser(): Promise<Browser> {
  if ('missing' in tool) throw new Error(tool.missing);
  // Chromium's sandbox refuses to run as root, as containers do.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  return playwright.launch({ executablePath: tool.path, args });
}

/** A page with everything that it complained about: errors of scripts, of the console and of the security policy. */
export async function openPage(
  browser: Browser,
  options: BrowserContextOptions = {},
): Promise<{ readonly page: Page; readonly complaints: readonly string[] }> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  return { page, complaints };
}
