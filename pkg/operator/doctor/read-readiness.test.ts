import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { readinessOf } from './read-readiness.ts';

/** Stands for an API server that hands a request on to a pod, as by its name. */
const ANSWERS: Readonly<Record<string, readonly [number, string]>> = {
  gateway: [
    503,
    JSON.stringify({ status: 'not ready', checks: [{ name: 'predictors', isReady: false, reason: 'none' }] }),
  ],
  forbidden: [403, JSON.stringify({ kind: 'Status', reason: 'Forbidden', message: 'cannot get pods/proxy' })],
  page: [502, '<html>'],
};
let server: Server;
let url: URL;

const asked = (pod: string) =>
  readinessOf({ access: () => Promise.resolve({ server: url, options: {} }) }, 'test/1', 'desk', pod);

beforeAll(async () => {
  server = createServer((request, response) => {
    const pod = /^\/api\/v1\/namespaces\/desk\/pods\/(\w+):8080\/proxy\/readyz$/.exec(request.url ?? '')?.[1];
    const [status, body] = ANSWERS[pod ?? ''] ?? [404, ''];
    response.writeHead(status).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
afterAll(() => void server.close());

it('gives what the pod says, though it says that it is not ready', async () => {
  expect(await asked('gateway')).toEqual({
    checks: [{ name: 'predictors', isReady: false, reason: 'none' }],
  });
});

it.each(['forbidden', 'page', 'absent'])(
  'gives nothing where the answer is none of the pod: %s',
  async (pod) => {
    expect(await asked(pod)).toBeUndefined();
  },
);

it('gives nothing where nobody answers', async () => {
  const away = { access: () => Promise.resolve({ server: new URL('http://127.0.0.1:1'), options: {} }) };
  expect(await readinessOf(away, 'test/1', 'desk', 'gateway')).toBeUndefined();
});
