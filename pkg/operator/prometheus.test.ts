import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { metricSchema } from '../tradingmodel/spec.ts';
import { prometheusOver, resolveQuery } from './prometheus.ts';

const PAIR = { model: 'm', namespace: 'ns', update: 'm-b', stable: 'm-a' };
const metricOf = (query: string) => metricSchema.parse({ name: 'mine', prometheus: { query }, max: '1' });

/** Answers as Prometheus does; what it answers, the query says. */
let server: Server;
let address: string;
const series = (...values: string[]) => ({
  status: 'success',
  data: { resultType: 'vector', result: values.map((value) => ({ metric: {}, value: [1, value] })) },
});
const ANSWERS: Readonly<Record<string, unknown>> = {
  'up{revision="m-b"}': series('2'),
  'up{revision="m-a"}': series('1'),
  one: series('0.5'),
  none: series(),
  two: series('1', '2'),
  scalar: { status: 'success', data: { resultType: 'scalar', result: [1, '7'] } },
  nan: series('NaN'),
  odd: { status: 'success', data: 3 },
};
beforeAll(async () => {
  server = createServer((request, response) => {
    const answer = ANSWERS[new URL(request.url!, 'http://x').searchParams.get('query')!];
    response.writeHead(answer === undefined ? 422 : 200);
    response.end(JSON.stringify(answer ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

describe('a query', () => {
  it('has the names of model, namespace and revision filled in', () => {
    expect(resolveQuery('a{{revision}}b{{model}}c{{namespace}}{{other}}', PAIR, 'm-b')).toBe(
      'am-bbmcns{{other}}',
    );
  });

  it('that names the revision is asked for the stable one too', async () => {
    const ask = prometheusOver(address, 5000);
    expect(await ask(metricOf('up{revision="{{revision}}"}'), PAIR)).toEqual({
      ...{ resolvedQuery: 'up{revision="m-b"}', value: 2, stableValue: 1 },
    });
  });

  it.each([
    ['one', { value: 0.5 }],
    ['scalar', { value: 7 }],
    ['nan', { value: Number.NaN }],
    ['none', { message: 'the query gave no series' }],
    ['two', { message: 'the query must give one series, gave 2' }],
    ['odd', { message: 'Prometheus gave no answer to an instant query' }],
    ['refused', { message: expect.stringContaining('gave no answer') }],
  ])('is no data rather than a guess where the answer is none: %s', async (query, answer) => {
    expect(await prometheusOver(address, 5000)(metricOf(query), PAIR)).toEqual({
      ...{ resolvedQuery: query, ...answer },
    });
  });

  it('without an address, or with nobody there, says so', async () => {
    expect(await prometheusOver(undefined, 5000)(metricOf('one'), PAIR)).toMatchObject({
      message: expect.stringContaining('no address'),
    });
    expect(await prometheusOver('http://127.0.0.1:1', 5000)(metricOf('one'), PAIR)).toMatchObject({
      message: expect.stringContaining('gave no answer'),
    });
  });
});
