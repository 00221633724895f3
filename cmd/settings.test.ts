import { describe, expect, it } from 'vitest';

import { ConfigInvalid } from '../pkg/runtime/common-errors.ts';
import { environmentName, environmentNames, schemaPaths } from '../pkg/runtime/config-schema.ts';
import { readEnvironment } from '../pkg/runtime/config-environment.ts';
import { loadConfig } from '../pkg/runtime/config.ts';
import { controllerSchema } from './controller/config.ts';
import { PROCESSES } from './service/processes.ts';
import { sourceKind } from './settings.ts';
import { upConfigSchema } from './tradewind/up/config.ts';

const up = (flags: Readonly<Record<string, unknown>>) => loadConfig(upConfigSchema, { flags });

describe('the source of market data', () => {
  it.each([
    [{}, 'simulator'],
    [{ 'source.file': 'a.csv' }, 'replay'],
    [{ 'source.kind': 'replay', 'source.file': 'a.csv' }, 'replay'],
    [{ 'source.speed': 4 }, 'simulator'],
  ])('of %j is the %s', (flags, kind) => {
    expect(sourceKind(up(flags).source)).toBe(kind);
  });

  it.each([
    [{ 'source.kind': 'replay' }, 'source.file: must name the recording'],
    [{ 'source.kind': 'simulator', 'source.file': 'a.csv' }, 'source.file (flag): must be absent'],
    [{ 'source.format': 'bars' }, 'source.format (flag): must be absent'],
  ])('refuses %j', (flags, fault) => {
    expect(() => up(flags)).toThrow(fault);
  });
});

it('recommends to buy above at least what it holds above', () => {
  expect(() => up({ 'prediction.buyAbove': 0.3, 'prediction.holdAbove': 0.9 })).toThrow(ConfigInvalid);
  expect(up({ 'prediction.buyAbove': 0.5, 'prediction.holdAbove': 0.5 }).prediction.buyAbove).toBe(0.5);
});

describe('an environment that processes share', () => {
  const schemas = Object.entries({ up: upConfigSchema, ...PROCESSES, controller: controllerSchema });

  it.each(schemas)('is not misspelt for %s by the settings of the others', (_name, schema) => {
    const known = schemaPaths(schema);
    const sections = [...known].filter(([, node]) => node.shape !== undefined);
    const isOfSection = (name: string): boolean =>
      sections.some(([path]) => name.startsWith(`${environmentName(path)}_`));
    const foreign = schemas
      .flatMap(([, other]) => [...environmentNames(other)])
      .filter((name) => !isOfSection(name));
    const env = Object.fromEntries(foreign.map((name) => [name, '1']));
    const { faults } = readEnvironment(env, known);
    expect(faults.filter((fault) => fault.includes('is not a setting'))).toEqual([]);
  });
});
