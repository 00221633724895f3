import { request } from 'node:http';

import { afterEach, describe, expect, it } from 'vitest';

import { PortInUse } from './common-errors.ts';
import { TradewindError } from './errors.ts';
import { createLogger } from './logger.ts';
import { createMetrics } from './metrics.ts';
import { OpsServer } from './ops-server.ts';

const open: OpsServer[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.stop()));
});

const problems: string[] = [];

async function start(configure: (server: OpsServer) => void = () => undefined, port = 0): Promise<string> {
  problems.length = 0;
  const logger = createLogger({
    level: 'error',
    destination: { write: () => undefined },
    onProblem: (_level, message) => problems.push(message),
  });
  const server = new OpsServer({ host: '127.0.0.1', port, registry: createMetrics().registry, logger });
  configure(server);
  const bound = await server.start();
  open.push(server);
  return `http://127.0.0.1:${bound}`;
}

class Wrong extends TradewindError {
  readonly code = 'Wrong';
  readonly kind = 'precondition';
}

describe('OpsServer', () => {
  it('is healthy, and ready only when all its parts are', async () => {
    let isReady = false;
    const base = await start((server) => {
      server.addReadiness('model', () => ({ isReady, ...(isReady ? {} : { reason: 'it trains' }) }));
      server.addReadiness('log', () => ({ isReady: true }));
    });
    expect((await fetch(`${base}/healthz`)).status).toBe(200);
    const before = await fetch(`${base}/readyz`);
    expect(before.status).toBe(503);
    expect(await before.json()).toEqual({
      status: 'not ready',
      checks: [
        { name: 'model', isReady: false, reason: 'it trains' },
        { name: 'log', isReady: true },
      ],
    });
    isReady = true;
    expect((await fetch(`${base}/readyz`)).status).toBe(200);
  });

  it('speaks OpenMetrics to scrapers that ask for it, once it has exemplars, and to nobody before', async () => {
    let offer = (): void => undefined;
    const base = await start((server) => {
      offer = () => server.offerExemplars();
    });
    const typeFor = async (accept: string): Promise<string> => {
      const answer = await fetch(`${base}/metrics`, { headers: { accept } });
      await answer.text();
      return answer.headers.get('content-type')!;
    };
    const text = 'text/plain; version=0.0.4; charset=utf-8';
    const open = 'application/openmetrics-text; version=1.0.0; charset=utf-8';
    expect(await typeFor('application/openmetrics-text')).toBe(text);
    offer();
    expect(await typeFor('application/openmetrics-text')).toBe(open);
    expect(await typeFor('text/plain')).toBe(text);
  });

  it('is not healthy while a condition of its life does not hold', async () => {
    let isReady = true;
    const base = await start((server) =>
      server.addLiveness('watches', () => ({ isReady, reason: 'silent' })),
    );
    expect((await fetch(`${base}/healthz`)).status).toBe(200);
    isReady = false;
    const answer = await fetch(`${base}/healthz`);
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({
      status: 'not ok',
      checks: [{ name: 'watches', reason: 'silent' }],
    });
    expect((await fetch(`${base}/readyz`)).status).toBe(200);
  });

  it('shows metrics as Prometheus reads them', async () => {
    const answer = await fetch(`${await start()}/metrics`);
    expect(answer.headers.get('content-type')).toContain('text/plain');
    expect(await answer.text()).toContain('# TYPE tradewind_');
  });

  it('answers errors by their kind, and tells nothing of its own faults', async () => {
    const base = await start((server) =>
      server.use((incoming) => {
        if (incoming.url === '/wrong')
          throw new Wrong({ message: 'must be right, was wrong', facts: { a: 1 } });
        if (incoming.url === '/fault') throw new Error('secret');
        return false;
      }),
    );
    const wrong = await fetch(`${base}/wrong`);
    expect([wrong.status, await wrong.json()]).toEqual([
      409,
      { code: 'Wrong', message: 'must be right, was wrong', facts: { a: 1 } },
    ]);
    const fault = await fetch(`${base}/fault`);
    expect(fault.status).toBe(500);
    expect(await fault.text()).not.toContain('secret');
    expect(problems).toEqual(['request failed']);
    expect((await fetch(`${base}/nowhere`)).status).toBe(404);
  });

  it('logs an error that its handler answered in its own way', async () => {
    const base = await start((server) =>
      server.use((_incoming, response) => {
        response.writeHead(500).end('sorry');
        throw new Error('secret');
      }),
    );
    const answer = await fetch(base);
    expect([answer.status, await answer.text()]).toEqual([500, 'sorry']);
    expect(problems).toEqual(['request failed']);
  });

  it('does nothing for a page of another server', async () => {
    let calls = 0;
    const base = await start((server) =>
      server.use((_incoming, response) => {
        calls += 1;
        response.end();
        return true;
      }),
    );
    const answer = await fetch(base, { method: 'POST', headers: { origin: 'https://evil.example' } });
    expect([answer.status, await answer.json()]).toMatchObject([403, { code: 'CrossSiteRefused' }]);
    expect(calls).toBe(0);
    expect((await fetch(base, { method: 'POST', headers: { origin: base } })).status).toBe(200);
  });

  it('answers no page that reached it under a foreign name', async () => {
    const base = await start();
    const status = await new Promise((resolve, reject) => {
      request(`${base}/healthz`, { headers: { host: 'evil.example' } }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      })
        .on('error', reject)
        .end();
    });
    expect(status).toBe(421);
  });

  it('says that its port is taken', async () => {
    const base = await start();
    await expect(start(undefined, Number(new URL(base).port))).rejects.toThrow(PortInUse);
  });
});
