/** Programs that pods of the chart run by themselves, as they are rendered, against real servers. */
import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Registry } from 'prom-client';
import { afterEach, describe, expect, it } from 'vitest';

import { createRpcServer } from '../../pkg/rpc/server.ts';
import { createLogger } from '../../pkg/runtime/logger.ts';
import { OpsServer } from '../../pkg/runtime/ops-server.ts';
import { freePorts } from '../servers/ports.ts';
import { makeAuthority, sign } from '../support/certificates.ts';
import { eventually } from '../support/eventually.ts';
import { helmMissing, type Manifest, manifests, podsOf, ROOT, type ValueSet } from './render.ts';

const IN_TIME_MS = 60_000;
const TLS_FOLDER = '/etc/tradewind/tls/test';

const opened: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).toReversed()) await close();
});

interface Run {
  readonly ended: Promise<{ readonly code: unknown; readonly output: string }>;
  readonly output: () => string;
}

/** Runs a container of the release with the Node of this project, and other arguments behind its program. */
function run({ command, args }: Manifest, replaced: readonly string[]): Run {
  expect(command[0]).toBe('/app/node_modules/node/bin/node');
  let output = '';
  const { promise, resolve } = Promise.withResolvers<{ code: unknown; output: string }>();
  const all = [...command.slice(1), args[0], ...replaced];
  const child = execFile(process.execPath, all, { cwd: ROOT, timeout: IN_TIME_MS }, (error) =>
    resolve({ code: error?.code ?? 0, output }),
  );
  for (const stream of [child.stdout!, child.stderr!])
    stream.on('data', (chunk: string) => void (output += chunk));
  return { ended: promise, output: () => output };
}

const containerOf = (set: ValueSet, owner: string, name: string): Manifest => {
  const { spec } = podsOf(manifests(set)).find((pod) => pod.owner === owner)!;
  return [...(spec.initContainers ?? []), ...spec.containers].find((container) => container.name === name);
};

const logger = createLogger({ level: 'silent', isReadable: false });

/** What a gateway answers health by, in this process. @param files - Folder of ca.crt, tls.crt and tls.key, for mTLS. */
async function gateway(isReady: boolean, files?: string): Promise<readonly [http: string, grpc: string]> {
  const http = new OpsServer({ host: '127.0.0.1', port: 0, registry: new Registry(), logger });
  http.addReadiness('traffic', () =>
    isReady ? { isReady } : { isReady, reason: 'the traffic is not known yet' },
  );
  const httpPort = await http.start();
  opened.push(() => http.stop());
  const pem = (name: string): Buffer => readFileSync(join(files!, name));
  const tls = () => ({
    ...{ certificate: pem('tls.crt'), privateKey: pem('tls.key'), clientAuthorities: pem('ca.crt') },
  });
  const rpc = createRpcServer({ port: 0, ...(files === undefined ? {} : { tls: tls() }) });
  const grpcPort = await rpc.start();
  opened.push(() => rpc.stop(1000));
  return [`127.0.0.1:${httpPort}`, `127.0.0.1:${grpcPort}`];
}

function certificates(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tradewind-chart-tls-'));
  opened.push(() => rmSync(folder, { recursive: true }));
  const authority = makeAuthority(folder, 'authority');
  const { certFile, keyFile } = sign(folder, 'gateway', authority);
  mkdirSync(join(folder, 'secret'));
  for (const [from, to] of [
    [authority.certFile, 'ca.crt'],
    [certFile, 'tls.crt'],
    [keyFile, 'tls.key'],
  ] as const)
    copyFileSync(from, join(folder, 'secret', to));
  return join(folder, 'secret');
}

describe.skipIf(helmMissing !== undefined)('programs of the chart', { concurrent: false }, () => {
  const health = (set: ValueSet): Manifest => containerOf(set, 'Pod/tradewind-test', 'health');

  it('`helm test` passes where the gateways are ready and serve', async () => {
    const { code, output } = await run(health('trial'), await gateway(true)).ended;
    expect(output).toBe('the gateways are ready and serve\n');
    expect(code).toBe(0);
  });

  it('`helm test` fails and says why where they are not ready', async () => {
    const { code, output } = await run(health('trial'), await gateway(false)).ended;
    expect(code).toBe(1);
    expect(output).toMatch(/^\/readyz must be answered by 200, was 503: .*the traffic is not known yet.*\n$/);
  });

  it('`helm test` waits for the network, and says in a line what cannot be reached', async () => {
    const network = containerOf('trial', 'Pod/tradewind-test', 'network');
    expect(network.args.slice(1)).toEqual(['30s', 'tradewind-gateway:8080', 'tradewind-gateway:50051']);
    const [http, grpc] = await gateway(true);
    expect((await run(network, ['30s', http, grpc]).ended).code).toBe(0);
    const [port] = await freePorts(1);
    const { code, output } = await run(network, ['1s', http, `127.0.0.1:${port}`]).ended;
    expect(code).toBe(1);
    expect(output.trimEnd().split('\n').at(-1)).toBe(
      `127.0.0.1:${port} must take connections within 1 s, and does not`,
    );
    const refused = await run(health('trial'), [`127.0.0.1:${port}`, `127.0.0.1:${port}`]).ended;
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.output).toMatch(/^fetch failed: connect ECONNREFUSED .*\n$/);
  });

  it('`helm test` shows its certificate where gateways want one, and fails without', async () => {
    const folder = certificates();
    const addresses = await gateway(true, folder);
    expect(health('production').args.slice(1)).toEqual([
      'tradewind-gateway:8080',
      'tradewind-gateway:50051',
      TLS_FOLDER,
    ]);
    expect((await run(health('production'), [...addresses, folder]).ended).code).toBe(0);
    expect((await run(health('production'), addresses).ended).code).toBe(1);
  });

  it('processes of a trial wait until every server takes connections', async () => {
    const wait = containerOf('trial', 'Deployment/tradewind-features', 'wait-for-servers');
    expect(wait.args.slice(1)).toEqual(['tradewind-kafka:9092', 'tradewind-redis:6379']);
    const [first, second] = (await freePorts(2)) as [number, number];
    const listen = (port: number): void => {
      const server = createServer((socket) => socket.destroy()).listen(port, '127.0.0.1');
      opened.push(() => server.close());
    };
    listen(first);
    const running = run(wait, [`127.0.0.1:${first}`, `127.0.0.1:${second}`]);
    await eventually(() => running.output().includes(`waits for 127.0.0.1:${second}`), IN_TIME_MS);
    listen(second);
    expect((await running.ended).code).toBe(0);
    expect(running.output()).not.toContain(`:${first}`);
  });
});
