import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { kafkaMissing, type KafkaServers, startKafka } from '../../../test/servers/kafka.ts';
import { makeCertificate } from '../../../test/servers/kafka-settings.ts';
import { systemTool } from '../../../test/servers/tools.ts';
import { openTestLog } from '../../../test/support/kafka-log.ts';

const openssl = systemTool('openssl', 'openssl');
const missing = kafkaMissing() ?? ('missing' in openssl ? openssl.missing : undefined);
const START_MS = 120_000;
/** An error shows up at once or never: this is for the one case that must be given up. */
const QUICK = { connectTimeoutMs: 3000 } as const;

describe.skipIf(missing !== undefined)('a broker with TLS and SCRAM', () => {
  let servers: KafkaServers;
  let secure: NonNullable<KafkaServers['secure']>;
  let sasl: { mechanism: 'scram-sha-512'; username: string; password: string };
  let folder: string;
  beforeAll(async () => {
    servers = await startKafka({ brokers: 1, isSecure: true });
    secure = servers.secure!;
    sasl = { mechanism: 'scram-sha-512', username: secure.username, password: secure.password };
    folder = mkdtempSync(join(tmpdir(), 'tradewind-tls-'));
  }, START_MS);
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await servers?.stop();
  });

  it('is written to and read from by who has authority and password', async () => {
    const log = await openTestLog(secure.brokers, { tls: { caFile: secure.ca }, sasl });
    await log.ensureTopics([{ name: 'secured', partitions: 1, cleanup: 'delete' }]);
    await log.append('secured', [{ key: 'ES', value: Buffer.from('x'), timestampUs: 1 }]);
    const read = Promise.withResolvers<number>();
    const handler = {
      onBatch: async ({ records }: { readonly records: readonly unknown[] }) => read.resolve(records.length),
    };
    const consumer = await log.consume({ group: 'g', topics: ['secured'] }, handler);
    expect(await read.promise).toBe(1);
    await consumer.stop(5000);
    await log.close();
  });

  const refusals = (): readonly (readonly [string, Parameters<typeof openTestLog>[1], RegExp])[] => {
    const tls = { caFile: secure.ca };
    const other = makeCertificate(folder).ca;
    return [
      ['wrong password', { tls, sasl: { ...sasl, password: 'guess' } }, /authentication/i],
      ['wrong user', { tls, sasl: { ...sasl, username: 'nobody' } }, /authentication/i],
      ['wrong mechanism', { tls, sasl: { ...sasl, mechanism: 'scram-sha-256' } }, /mechanism/],
      ['an authority that did not sign', { tls: { caFile: other }, sasl }, /self[- ]signed|verify/i],
      ['no authority of its own', { tls: {}, sasl }, /self[- ]signed|verify/i],
    ];
  };

  it('refuses each wrong set-up at once, in one line with what to look at', async () => {
    for (const [what, config, words] of refusals()) {
      const failure = openTestLog(secure.brokers, { ...QUICK, ...config });
      await expect(failure, what).rejects.toMatchObject({ code: 'KafkaAuthenticationFailed' });
      await expect(failure, what).rejects.toThrow(words);
      const { message } = (await failure.catch((error: unknown) => error as Error)) as Error;
      expect(message, what).not.toContain('\n');
      expect(message, what).not.toContain('guess');
    }
  });

  it('is not spoken to in plain, nor a plain one in TLS', async () => {
    const inPlain = openTestLog(secure.brokers, QUICK);
    await expect(inPlain).rejects.toMatchObject({ code: expect.stringMatching(/^Kafka(Unavailable|Auth)/) });
    const inTls = openTestLog(servers.brokers, { ...QUICK, tls: { caFile: secure.ca } });
    await expect(inTls).rejects.toMatchObject({ code: expect.stringMatching(/^Kafka(Unavailable|Auth)/) });
  });

  it('needs a file of authorities that is one', async () => {
    const torn = join(folder, 'torn.pem');
    writeFileSync(torn, '-----BEGIN CERTIFICATE-----\nnot base 64\n');
    const open = (caFile: string) => openTestLog(secure.brokers, { ...QUICK, tls: { caFile }, sasl });
    await expect(open(join(folder, 'none.pem'))).rejects.toMatchObject({ code: 'FileUnreadable' });
    await expect(open(torn)).rejects.toMatchObject({ code: 'CertificateUnusable' });
  });
});
