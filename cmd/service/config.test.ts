import { describe, expect, it } from 'vitest';

import { ConfigInvalid } from '../../pkg/runtime/common-errors.ts';
import { loadConfig } from '../../pkg/runtime/config.ts';
import { recorderSchema } from '../recorder/config.ts';
import { featuresSchema } from '../features/config.ts';

/** Settings that are right. */
const FEATURES = { TRADEWIND_KAFKA_BROKERS: 'a:9092' };
const RECORDER = { ...FEATURES, TRADEWIND_HISTORY_URL: 'http://127.0.0.1:8123' };

function faultsOf(load: () => unknown): readonly string[] {
  try {
    load();
  } catch (error) {
    if (error instanceof ConfigInvalid) return error.faults;
    throw error;
  }
  return [];
}

const featuresFaults = (env: Readonly<Record<string, string>>): readonly string[] =>
  faultsOf(() => loadConfig(featuresSchema, { env: { ...FEATURES, ...env } }));
const recorderFaults = (env: Readonly<Record<string, string>>): readonly string[] =>
  faultsOf(() => loadConfig(recorderSchema, { env: { ...RECORDER, ...env } }));

describe('settings of a process that only fit together', () => {
  it.each([
    [{ TRADEWIND_KAFKA_REPLICAS: '3', TRADEWIND_KAFKA_MIN_IN_SYNC_REPLICAS: '3' }],
    [{ TRADEWIND_KAFKA_TLS: 'true', TRADEWIND_KAFKA_CA_FILE: 'ca.pem' }],
    [
      {
        TRADEWIND_KAFKA_MECHANISM: 'scram-sha-256',
        TRADEWIND_KAFKA_USERNAME: 'desk',
        TRADEWIND_KAFKA_PASSWORD: 'x',
      },
    ],
  ])('are taken where they do: %o', (env) => {
    expect(featuresFaults(env)).toEqual([]);
  });

  it.each([
    [
      { TRADEWIND_KAFKA_MIN_IN_SYNC_REPLICAS: '3' },
      'kafka.minInSyncReplicas (TRADEWIND_KAFKA_MIN_IN_SYNC_REPLICAS): must be at most kafka.replicas, or nothing could be written, was 3',
    ],
    [
      { TRADEWIND_KAFKA_USERNAME: 'desk' },
      'kafka.mechanism: must say how kafka.username and kafka.password log in, was "none"',
    ],
    [
      { TRADEWIND_KAFKA_MECHANISM: 'scram-sha-512', TRADEWIND_KAFKA_USERNAME: 'desk' },
      'kafka.mechanism (TRADEWIND_KAFKA_MECHANISM): must be none unless kafka.username and kafka.password are given, was "scram-sha-512"',
    ],
    [
      { TRADEWIND_KAFKA_CA_FILE: 'ca.pem' },
      'kafka.caFile (TRADEWIND_KAFKA_CA_FILE): must be absent unless tls is true, was "ca.pem"',
    ],
    [
      {
        TRADEWIND_REDIS_MODE: 'single',
        TRADEWIND_REDIS_ADDRESSES: 'a:6379',
        TRADEWIND_REDIS_CA_FILE: 'ca.pem',
      },
      'redis.caFile (TRADEWIND_REDIS_CA_FILE): must be absent unless tls is true, was "ca.pem"',
    ],
  ])('are refused where they do not: %o', (env, fault) => {
    expect(featuresFaults(env)).toEqual([fault]);
  });
});

describe('address of the history', () => {
  it('is one of HTTP', () => {
    expect(recorderFaults({})).toEqual([]);
    expect(recorderFaults({ TRADEWIND_HISTORY_URL: 'ftp://a' })).toEqual([
      'history.url (TRADEWIND_HISTORY_URL): must be an http or https address, was "ftp://a"',
    ]);
  });

  it('holds no password, and one that is there is not shown', () => {
    const faults = recorderFaults({ TRADEWIND_HISTORY_URL: 'http://desk:hunter2@db:8123' });
    expect(faults).toEqual([
      'history.url (TRADEWIND_HISTORY_URL): must be without user and password: history.username and history.password have them, was "http://***@db:8123"',
    ]);
  });

  it('is encrypted where an authority is named', () => {
    expect(recorderFaults({ TRADEWIND_HISTORY_CA_FILE: 'ca.pem' })).toEqual([
      'history.caFile (TRADEWIND_HISTORY_CA_FILE): must be absent unless history.url is https, was "ca.pem"',
    ]);
  });
});

it('no message shows a password of any section', () => {
  const secrets = ['KAFKA_PASSWORD', 'REDIS_PASSWORD', 'REDIS_SENTINEL_PASSWORD'];
  const env = Object.fromEntries(secrets.map((name) => [`TRADEWIND_${name}`, 'hunter2']));
  const faults = featuresFaults({ ...env, TRADEWIND_REDIS_MODE: 'single', TRADEWIND_KAFKA_REPLICAS: '0' });
  expect(faults.length).toBeGreaterThan(1);
  expect(faults.join()).not.toContain('hunter2');
});
