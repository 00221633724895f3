import { createServer, get, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { ManualClock } from '../runtime/clock.ts';
import { loadAssets } from './assets.ts';
import { EventStream } from './event-stream.ts';
import { createConsoleHandler } from './http-handler.ts';
import { LiveView } from './live-view.ts';
import { quoteAt, vectorAt } from './console.testing.ts';

let view: LiveView;
let stream: EventStream;
let server: Server;
let url: string;
let responses: ServerResponse[];

beforeEach(async () => {
  const modelStatus = () => ({ isTraining: false, text: '' });
  view = new LiveView({ clock: new ManualClock(1e12), models: () => [], modelStatus, points: 5000 });
  stream = new EventStream({ view, intervalMs: 3_600_000, maxClients: 3, maxUnreadBytes: 65_536 });
  const about = { version: '1', source: 's', features: [], buyAbove: 0.6, holdAbove: 0.4 };
  const handler = createConsoleHandler({ assets: await loadAssets(), stream, about, models: () => [] });
  responses = [];
  server = createServer((request, response) => {
    responses.push(response);
    if (handler(request, response) === false) response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  stream.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** Reads server-sent events as they come. */
async function watch() {
  const response = await new Promise<IncomingMessage>((resolve, reject) =>
    get(`${url}/console/events`, resolve).on('error', reject),
  );
  response.setEncoding('utf8').on('error', () => undefined);
  let text = '';
  const next = async () => {
    for (;;) {
      const found = /event: (\w+)\ndata: (.*)\n\n/.exec(text);
      if (found !== null) {
        text = text.slice(found.index + found[0].length);
        return { event: found[1], frame: JSON.parse(found[2]!) as { symbols: { points: unknown[] }[] } };
      }
      const { value, done } = (await response
        .iterator({ destroyOnReturn: false })
        .next()) as IteratorResult<string>;
      if (done === true) return undefined;
      text += value;
    }
  };
  return { response, next };
}

describe('the files of the console', () => {
  it('come with a policy that lets nothing else run', async () => {
    for (const path of ['/', '/console/app.js', '/console/style.css', '/console/vendor/uplot.js']) {
      const { status, headers } = await fetch(url + path);
      expect([path, status]).toEqual([path, 200]);
      const policy = headers.get('content-security-policy')!;
      expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
      expect(policy).not.toContain('unsafe');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
    }
  });

  it('are all there that the page and its modules name', async () => {
    const html = await (await fetch(url)).text();
    const modules = [...(await loadAssets()).entries()].filter(([path]) => path.endsWith('.js'));
    const named = [
      ...[...html.matchAll(/(?:href|src)="(\/console\/[^"]+)"/g)].map(([, path]) => path!),
      ...modules.flatMap(([path, { body }]) =>
        path.includes('vendor')
          ? []
          : [...body.toString().matchAll(/^import [^;]*?'(.+?)';/gm)].map(
              ([, to]) => new URL(to!, url + path).pathname,
            ),
      ),
    ];
    expect(named.length).toBeGreaterThan(20);
    for (const path of named) expect([path, (await fetch(url + path)).status]).toEqual([path, 200]);
  });

  it('are not sent again while they are the same', async () => {
    const etag = (await fetch(`${url}/console/app.js`)).headers.get('etag')!;
    const again = await fetch(`${url}/console/app.js`, { headers: { 'if-none-match': etag } });
    expect(again.status).toBe(304);
  });

  it('leave alone what is not theirs, and refuse other methods', async () => {
    for (const path of [
      '/other',
      '/console/../package.json',
      '/console/%2e%2e/errors.ts',
      '/console/toString',
    ]) {
      expect([path, (await fetch(url + path)).status]).toEqual([path, 404]);
    }
    const { status, headers } = await fetch(`${url}/console/about`, { method: 'POST' });
    expect([status, headers.get('allow')]).toEqual([405, 'GET']);
  });

  it('tell the head of a page, as health checks ask for it, but of no stream', async () => {
    const head = await fetch(url, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(await head.text()).toBe('');
    expect((await fetch(`${url}/console/events`, { method: 'HEAD' })).status).toBe(405);
  });
});

describe('the live data of the console', () => {
  it('is kept by no cache and refused to other sites', async () => {
    const about = await fetch(`${url}/console/about`);
    expect(about.headers.get('cache-control')).toBe('no-store');
    const { status } = await fetch(`${url}/console/events`, { headers: { 'sec-fetch-site': 'cross-site' } });
    expect(status).toBe(403);
    expect(stream.clients).toBe(0);
  });

  it('begins with a snapshot and goes on with what is new', async () => {
    view.onVector(vectorAt('ES', 1e6, 100), 1);
    const { next, response } = await watch();
    expect(response.headers['content-type']).toBe('text/event-stream');
    expect((await next())?.event).toBe('snapshot');
    stream.publish();
    await next();
    view.onEvent(quoteAt('NQ', 2e6, 100));
    stream.publish();
    expect(await next()).toMatchObject({ event: 'delta', frame: { symbols: [{ symbol: 'NQ' }] } });
  });

  it('has a bounded number of watchers, and takes new ones when others leave', async () => {
    const watchers = [await watch(), await watch(), await watch()];
    const refused = await fetch(`${url}/console/events`);
    expect(refused.status).toBe(429);
    expect(await refused.json()).toMatchObject({ code: 'ConsoleFull' });
    watchers[0]!.response.destroy();
    await expect.poll(() => stream.clients).toBe(2);
    expect((await (await watch()).next())?.event).toBe('snapshot');
  });

  it('is dropped for a client that does not read, which gets a snapshot when it reads again', async () => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.pause().write('GET /console/events HTTP/1.1\r\nhost: localhost\r\n\r\n');
    await expect.poll(() => stream.clients).toBe(1);
    const news = (bars: number): void => {
      for (let i = 0; i < bars; i += 1) view.onVector(vectorAt('ES', i * 1e6, 100), 1);
      stream.publish();
    };
    // More than all buffers between the two ends hold.
    let unread = 0;
    for (let round = 0; round < 60; round += 1) {
      news(4000);
      await new Promise(setImmediate);
      unread = Math.max(unread, responses.at(-1)!.writableLength);
    }
    const frameBytes = 500_000;
    expect(unread).toBeGreaterThan(65_536);
    expect(unread).toBeLessThan(65_536 + frameBytes);
    let text = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    socket.resume();
    const snapshots = (): number => text.split('event: snapshot').length - 1;
    await expect
      .poll(
        () => {
          news(1);
          return snapshots();
        },
        { timeout: 10_000 },
      )
      .toBe(2);
    socket.destroy();
  });

  it('ends when the console closes', async () => {
    const { next } = await watch();
    await next();
    stream.close();
    expect(await next()).toBeUndefined();
    expect(stream.clients).toBe(0);
  });
});
