import { describe, expect, it } from 'vitest';

import { ConfigInvalid } from '../../../pkg/runtime/common-errors.ts';
import { planProcesses } from './plan.ts';

const SERVERS = { TRADEWIND_KAFKA_BROKERS: '127.0.0.1:9092', TRADEWIND_HISTORY_URL: 'http://127.0.0.1:8123' };
const plan = (env: Readonly<Record<string, string>>) =>
  planProcesses({
    env,
    ...{ httpPort: 8080, grpcPort: 50_051, modelFolder: '/m', spoolFolder: '/s' },
    freePorts: [1001, 1002, 1003, 1004, 1005, 1006],
  });

describe('planProcesses', () => {
  it('gives each process its own ports, and the gateway the address of the predictor', () => {
    const processes = plan(SERVERS);
    expect(new Set(processes.map(({ http }) => http)).size).toBe(processes.length);
    const envOf = (name: string) => processes.find((one) => one.name === name)!.env;
    expect(envOf('gateway')['TRADEWIND_PREDICTORS_ADDRESSES']).toBe(
      `127.0.0.1:${envOf('predictor')['TRADEWIND_GRPC_PORT']}`,
    );
    expect(envOf('predictor')['TRADEWIND_MODEL_URIS']).toBe('/m');
  });

  it('hands a setting only to the processes that have it', () => {
    const processes = plan({ ...SERVERS, TRADEWIND_FEATURES_LOOKBACKS: '5,10', PATH: '/bin' });
    const having = processes.filter(({ env }) => 'TRADEWIND_FEATURES_LOOKBACKS' in env);
    expect(having.map(({ name }) => name)).toEqual(['collector', 'features', 'gateway', 'recorder']);
    expect(processes.every(({ env }) => env['PATH'] === '/bin')).toBe(true);
  });

  it('tells what is missing in all processes at once', () => {
    expect(() => plan({})).toThrow(ConfigInvalid);
    expect(() => plan({})).toThrow(/kafka[\s\S]*history/);
  });

  it('still refuses a setting that no process has', () => {
    expect(() => plan({ ...SERVERS, TRADEWIND_KAFKA_BROKRES: 'x' })).toThrow('TRADEWIND_KAFKA_BROKERS');
  });
});
