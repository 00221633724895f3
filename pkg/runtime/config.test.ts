import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';
import { z } from 'zod';

import { ConfigInvalid, FileUnreadable } from './common-errors.ts';
import { environmentName } from './config-schema.ts';
import { loadConfig } from './config.ts';

const schema = z.strictObject({
  name: z.string().default('tradewind'),
  speed: z.union([z.literal('max'), z.number().positive()]).default(1),
  grpc: z.strictObject({ port: z.int().max(65_535).default(50_051) }).prefault({}),
  features: z
    .strictObject({
      lookbacks: z.array(z.int()).default([5]),
      allowedLatenessMs: z.int().default(250),
      isOn: z.boolean().default(true),
    })
    .prefault({}),
});

function file(text: string, name = 'config.yaml'): string {
  const path = join(mkdtempSync(join(tmpdir(), 'tradewind-config-')), name);
  writeFileSync(path, text);
  return path;
}

const faultsOf = (load: () => unknown): readonly string[] => {
  try {
    load();
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigInvalid);
    return (error as ConfigInvalid).message.split('\n').slice(1);
  }
  throw new Error('the configuration was taken');
};

describe('loadConfig', () => {
  it('lets flags win over the environment, that over the file, that over defaults', () => {
    const path = file('name: from-file\ngrpc: {port: 1}\nspeed: 2\n');
    const env = { TRADEWIND_GRPC_PORT: '2', TRADEWIND_SPEED: 'max' };
    const flags = { 'grpc.port': 3, name: undefined };
    expect(loadConfig(schema, { file: path, env, flags })).toEqual({
      name: 'from-file',
      speed: 'max',
      grpc: { port: 3 },
      features: { lookbacks: [5], allowedLatenessMs: 250, isOn: true },
    });
  });

  it('reads numbers, lists and truth from the environment', () => {
    const env = {
      TRADEWIND_FEATURES_LOOKBACKS: '5, 10',
      TRADEWIND_FEATURES_ALLOWED_LATENESS_MS: '0',
      TRADEWIND_FEATURES_IS_ON: 'false',
      TRADEWIND_SPEED: '2.5',
    };
    expect(loadConfig(schema, { env })).toMatchObject({
      speed: 2.5,
      features: { lookbacks: [5, 10], allowedLatenessMs: 0, isOn: false },
    });
  });

  it('tells every fault at once, with its path, origin and value', () => {
    const path = file('grpc: {port: 70000, prot: 1}\nname: 7\n');
    const faults = faultsOf(() =>
      loadConfig(schema, { file: path, env: { TRADEWIND_FEATURES_IS_ON: 'perhaps' }, flags: { speed: -1 } }),
    );
    expect(faults).toHaveLength(5);
    const all = faults.join('\n');
    expect(all).toContain(`grpc.port (${path})`);
    expect(all).toContain('was 70000');
    expect(all).toContain('grpc.prot');
    expect(all).toContain('did you mean grpc.port?');
    expect(all).toContain('speed (flag)');
    expect(all).toContain("features.isOn (TRADEWIND_FEATURES_IS_ON): must be true or false, was 'perhaps'");
  });

  it('says in words what must be, whatever the kind of fault', () => {
    const kinds = z.strictObject({
      share: z.number().gt(0).lt(1),
      names: z.array(z.string()).min(1),
      word: z.string().min(1),
      level: z.enum(['info', 'warn']),
      speed: z.union([z.literal('max'), z.number().positive()]),
      count: z.int(),
      own: z.int().min(2, 'must be two at least'),
    });
    const flags = { share: 1, names: [], word: '', level: 'loud', speed: 'fast', count: 1.5, own: 1 };
    expect(faultsOf(() => loadConfig(kinds, { flags }))).toEqual([
      '  share (flag): must be below 1, was 1',
      '  names (flag): must hold at least 1 item, was []',
      '  word (flag): must have at least 1 character, was ""',
      '  level (flag): must be one of info, warn, was "loud"',
      '  speed (flag): must be max or a number, was "fast"',
      '  count (flag): must be a whole number, was 1.5',
      '  own (flag): must be two at least, was 1',
    ]);
  });

  it('says how a setting with dots is written in a file', () => {
    const path = file('grpc.port: 70000\nother.port: 1\n');
    expect(faultsOf(() => loadConfig(schema, { file: path }))).toEqual([
      `  grpc.port (${path}): must be written without dots, as \`grpc: {port: …}\``,
      `  other.port (${path}): is not a setting`,
    ]);
  });

  it('reads words that look like numbers as the schema wants them, and nothing as an empty list', () => {
    const lists = z.strictObject({
      market: z
        .strictObject({ symbols: z.array(z.string()).default([]), sizes: z.array(z.int()).default([]) })
        .prefault({}),
    });
    const read = (symbols: string, sizes: string) =>
      loadConfig(lists, { env: { TRADEWIND_MARKET_SYMBOLS: symbols, TRADEWIND_MARKET_SIZES: sizes } }).market;
    expect(read('600519,7203', '5, 10')).toEqual({ symbols: ['600519', '7203'], sizes: [5, 10] });
    expect(read('', '')).toEqual({ symbols: [], sizes: [] });
    expect(faultsOf(() => read('ES', '5,x'))).toEqual([
      '  market.sizes.1 (TRADEWIND_MARKET_SIZES): must be a number, was "x"',
    ]);
  });

  it('shows no secret, wherever it was written', () => {
    const password = z.string().max(3).meta({ isSecret: true }).default('');
    const server = z.strictObject({ url: z.string(), password });
    const secretive = z.strictObject({ server, other: z.string().optional() });
    const inFile = file('server: {url: u, password: hunter2}\nother: {password: hunter2}\n');
    const faults = faultsOf(() => loadConfig(secretive, { file: inFile }));
    expect(faults).toHaveLength(2);
    expect(faults.join()).not.toContain('hunter2');
    const env = { TRADEWIND_SERVER_URL: 'u', TRADEWIND_SERVER_PASSWORD: 'hunter2' };
    expect(faultsOf(() => loadConfig(secretive, { env })).join()).toContain('server.password');
    expect(faultsOf(() => loadConfig(secretive, { env })).join()).not.toContain('hunter2');
  });

  it('shows no password within an address', () => {
    const env = { TRADEWIND_URL: 'http://desk:hunter2@db:8123/x' };
    const faults = faultsOf(() => loadConfig(z.strictObject({ url: z.string().max(3) }), { env }));
    expect(faults.join()).toContain('was "http://***@db:8123/x"');
  });

  it('says of what kind a file is that holds no settings, not what is in it', () => {
    const path = file('hunter2');
    expect(faultsOf(() => loadConfig(schema, { file: path }))).toEqual([
      `  ${path}: must hold an object of settings, held text`,
    ]);
  });

  it('shows of a rule over several settings the one that it names', () => {
    const range = z
      .strictObject({ low: z.number().default(0), high: z.number().default(1) })
      .refine(({ low, high }) => low <= high, { path: ['high'], message: 'must be at least low' })
      .prefault({});
    const faults = faultsOf(() => loadConfig(z.strictObject({ range }), { flags: { 'range.low': 7 } }));
    expect(faults).toEqual(['  range.high: must be at least low, was 1']);
  });

  it('refuses a name of the environment that is nearly a setting, and leaves alone what is not its own', () => {
    const env = { TRADEWIND_GRPC_PROT: '1', TRADEWIND_SPED: '2', TRADEWIND_GRCP_PORT: '3' };
    const others = { TRADEWIND_TEST_DATA: '/x', TRADEWIND_CACHE: '/y', TRADEWIND_FOO: '1', PATH: '/bin' };
    expect(faultsOf(() => loadConfig(schema, { env: { ...env, ...others } }))).toEqual([
      '  TRADEWIND_GRPC_PROT: is not a setting, did you mean TRADEWIND_GRPC_PORT?',
      '  TRADEWIND_SPED: is not a setting, did you mean TRADEWIND_SPEED?',
      '  TRADEWIND_GRCP_PORT: is not a setting, did you mean TRADEWIND_GRPC_PORT?',
    ]);
  });

  it.each([
    ['broken YAML', 'a: [1\nb'],
    ['a list', '- 1'],
    ['a word', 'hello'],
  ])('refuses %s', (_what, text) => {
    expect(() => loadConfig(schema, { file: file(text) })).toThrow(ConfigInvalid);
  });

  it('takes an empty file, and JSON', () => {
    expect(loadConfig(schema, { file: file('') }).name).toBe('tradewind');
    expect(loadConfig(schema, { file: file('{"name": "json"}', 'c.json') }).name).toBe('json');
  });

  it('says that a file is not there', () => {
    expect(() => loadConfig(schema, { file: '/nope.yaml' })).toThrow(FileUnreadable);
  });
});

describe('environmentName', () => {
  it('splits words of camel case and dots', () => {
    expect(environmentName('features.allowedLatenessMs')).toBe('TRADEWIND_FEATURES_ALLOWED_LATENESS_MS');
  });
});
