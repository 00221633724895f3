/** The gRPC server and client over TLS, with certificates made here. */
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import {
  Health,
  HealthCheckResponse_ServingStatus as Status,
} from '../../proto/gen/grpc/health/v1/health_pb.ts';
import { makeAuthority, sign, type TestCertificate } from '../../test/support/certificates.ts';
import { eventually } from '../../test/support/eventually.ts';
import { TradewindError } from '../runtime/errors.ts';
import { createRpcClient } from './client.ts';
import { createRpcServer } from './server.ts';
import { FollowedTls, readTlsFiles, type TlsFiles } from './tls-files.ts';
import { type ClientTls, probeTls } from './tls-probe.ts';

const QUICK_MS = 3000;

let folder: string;
let authority: TestCertificate;
let other: TestCertificate;
let server: TestCertificate;
let client: TestCertificate;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tradewind-tls-'));
  authority = makeAuthority(folder, 'authority');
  other = makeAuthority(folder, 'other');
  server = sign(folder, 'server', authority);
  client = sign(folder, 'client', authority);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const opened: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).toReversed()) await close();
});

/** A server of health alone. @returns Its address. */
async function serve(files: TestCertificate | undefined, clientCaFile?: string) {
  const { certificate, privateKey, authorities } = readTlsFiles({
    ...files,
    ...(clientCaFile === undefined ? {} : { caFile: clientCaFile }),
  });
  const rpc = createRpcServer({
    port: 0,
    ...(files === undefined
      ? {}
      : {
          tls: {
            ...{ certificate: certificate!, privateKey: privateKey! },
            ...(authorities === undefined ? {} : { clientAuthorities: authorities }),
          },
        }),
  });
  const port = await rpc.start();
  opened.push(() => rpc.stop(1000));
  return { rpc, address: `127.0.0.1:${port}` };
}

const trusting = (files: TlsFiles = {}, more: Partial<ClientTls> = {}): ClientTls => ({
  ...readTlsFiles({ caFile: authority.certFile, ...files }),
  ...more,
});

/** Asks once over a new connection. */
async function ask(address: string, tls: ClientTls): Promise<Status> {
  const rpc = createRpcClient(Health, address, { tls });
  try {
    await rpc.waitForReady(QUICK_MS);
    return (await rpc.call.check({ service: '' })).status;
  } finally {
    rpc.close();
  }
}

describe('a server with a certificate', () => {
  it('answers who trusts its authority, by address and by a name that it must have', async () => {
    const { address } = await serve(server);
    expect(await ask(address, trusting())).toBe(Status.SERVING);
    expect(await ask(address, trusting({}, { serverName: 'localhost' }))).toBe(Status.SERVING);
    expect(await probeTls(address, trusting(), QUICK_MS)).toBeUndefined();
  });

  it('that wants one of the client answers who shows one of its authority', async () => {
    const { address } = await serve(server, authority.certFile);
    expect(await ask(address, trusting(client))).toBe(Status.SERVING);
    expect(await probeTls(address, trusting(client), QUICK_MS)).toBeUndefined();
  });
});

interface Refusal {
  readonly what: string;
  /** Makes the files of both sides. */
  readonly sides: () => {
    readonly files: TestCertificate | undefined;
    readonly clientCaFile?: string;
    readonly tls: ClientTls;
  };
  readonly code: string;
  readonly message: RegExp;
}

const REFUSALS: readonly Refusal[] = [
  {
    what: 'an authority that did not sign',
    sides: () => ({ files: server, tls: trusting({ caFile: other.certFile }) }),
    ...{ code: 'ServerUntrusted', message: /must be signed by an authority that is trusted here/ },
  },
  {
    what: 'a certificate of the server that has expired',
    sides: () => ({ files: sign(folder, 'old', authority, { isExpired: true }), tls: trusting() }),
    ...{ code: 'ServerCertificateExpired', message: /must hold now, is expired/ },
  },
  {
    what: 'a certificate for another name',
    sides: () => ({ files: server, tls: trusting({}, { serverName: 'predictor.example' }) }),
    ...{ code: 'ServerNameMismatch', message: /must be for predictor\.example/ },
  },
  {
    what: 'no client certificate where one is wanted',
    sides: () => ({ files: server, clientCaFile: authority.certFile, tls: trusting() }),
    ...{
      code: 'ClientCertificateRefused',
      message: /must be shown a client certificate.*none is configured/,
    },
  },
  {
    what: 'a client certificate of another authority',
    sides: () => ({
      ...{ files: server, clientCaFile: authority.certFile },
      tls: trusting(sign(folder, 'stranger', other)),
    }),
    ...{ code: 'ClientCertificateRefused', message: /ours was refused/ },
  },
  {
    what: 'a client certificate that has expired',
    sides: () => ({
      ...{ files: server, clientCaFile: authority.certFile },
      tls: trusting(sign(folder, 'old-client', authority, { isExpired: true })),
    }),
    ...{ code: 'ClientCertificateRefused', message: /ours was refused/ },
  },
  {
    what: 'a server that speaks plain text',
    sides: () => ({ files: undefined, tls: trusting() }),
    ...{ code: 'TlsFailed', message: /must speak TLS/ },
  },
];

describe('a client is told by a code of its own of', () => {
  it.each(REFUSALS)('$what: $code', async ({ sides, code, message }) => {
    const { files, clientCaFile, tls } = sides();
    const { address } = await serve(files, clientCaFile);
    await expect(ask(address, tls)).rejects.toMatchObject({ code: 'RpcFailed' });
    const why = await probeTls(address, tls, QUICK_MS);
    expect(why).toBeInstanceOf(TradewindError);
    expect(why).toMatchObject({ code });
    expect(why!.message).toMatch(message);
    expect(why!.message).not.toContain('\n');
  });

  it('nothing where the server is away: that is no matter of TLS', async () => {
    const { rpc, address } = await serve(server);
    await rpc.stop(1000);
    expect(await probeTls(address, trusting(), QUICK_MS)).toBeUndefined();
  });
});

describe('files of certificates', () => {
  it.each([
    [
      'is not there',
      () => ({ certFile: join(folder, 'nowhere.pem'), keyFile: server.keyFile }),
      'FileUnreadable',
    ],
    ['is no certificate', () => ({ certFile: server.keyFile, keyFile: server.keyFile }), 'TlsFileUnusable'],
    ['is no key', () => ({ certFile: server.certFile, keyFile: server.certFile }), 'TlsFileUnusable'],
    [
      'is the key of another',
      () => ({ certFile: server.certFile, keyFile: client.keyFile }),
      'TlsFileUnusable',
    ],
    ['holds no authority', () => ({ caFile: server.keyFile }), 'TlsFileUnusable'],
  ])('are refused where one %s', (_, files, code) => {
    expect(() => readTlsFiles(files())).toThrow(expect.objectContaining({ code }));
  });

  it('are used by new connections once they have changed, and not while they do not belong together', async () => {
    const files = { certFile: join(folder, 'turning.pem'), keyFile: join(folder, 'turning.key') };
    const put = (certFile: string, keyFile: string): void => {
      copyFileSync(certFile, files.certFile);
      copyFileSync(keyFile, files.keyFile);
    };
    put(server.certFile, server.keyFile);
    const { rpc, address } = await serve(files);
    const unusable: string[] = [];
    const followed = FollowedTls.open(files, 20, {
      onChanged: ({ certificate, privateKey }) =>
        rpc.setTls({ certificate: certificate!, privateKey: privateKey! }),
      onUnusable: ({ code }) => unusable.push(code),
    });
    opened.push(() => followed.close());
    const byOther = trusting({ caFile: other.certFile });
    const next = sign(folder, 'next', other);
    expect(await probeTls(address, byOther, QUICK_MS)).toMatchObject({ code: 'ServerUntrusted' });

    copyFileSync(next.certFile, files.certFile);
    await eventually(() => unusable.length > 0);
    expect(unusable).toEqual(['TlsFileUnusable']);
    expect(await ask(address, trusting())).toBe(Status.SERVING);

    put(next.certFile, next.keyFile);
    await eventually(async () => (await probeTls(address, byOther, QUICK_MS)) === undefined);
    expect(await ask(address, byOther)).toBe(Status.SERVING);
    expect(await probeTls(address, trusting(), QUICK_MS)).toMatchObject({ code: 'ServerUntrusted' });

    writeFileSync(files.keyFile, '');
    await eventually(() => unusable.length > 1);
    expect(await ask(address, byOther)).toBe(Status.SERVING);
  });
});
