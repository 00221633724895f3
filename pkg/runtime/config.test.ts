import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';
import { z } from 'zod';

import { ConfigInvalid, FileUnreadable } from './common-errors.ts';
import { environmentName, loadConfig } from './config.ts';

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
    expect(all).toContain("features.isOn (TRADEWIND_FEATURES_IS_ON): must be boolean, was 'perhaps'");
  });

  it('shows no password, wherever it was written', () => {
    const server = z.strictObject({ url: z.string(), password: z.string().max(3).default('') });
    const secretive = z.strictObject({ server, other: z.string().optional() });
    const inFile = file('server: {url: u, password: hunter2}\nother: {password: hunter2}\n');
    const faults = faultsOf(() => loadConfig(secretive, { file: inFile }));
    expect(faults).toHaveLength(2);
    expect(faults.join()).not.toContain('hunter2');
    const env = { TRADEWIND_SERVER_URL: 'u', TRADEWIND_SERVER_PASSWORD: 'hunter2' };
    expect(faultsOf(() => loadConfig(secretive, { env })).join()).toContain('server.password');
    expect(faultsOf(() => loadConfig(secretive, { env })).join()).not.toContain('hunter2');
  });

  it('refuses a name of the environment that is nearly a setting, and leaves alone what is not its own', () => {
    const env = { TRADEWIND_GRPC_PROT: '1', TRADEWIND_TEST_DATA: '/x', PATH: '/bin' };
    expect(faultsOf(() => loadConfig(schema, { env }))).toEqual([
      '  TRADEWIND_GRPC_PROT: is not a setting, did you mean TRADEWIND_GRPC_PORT?',
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
