import { describe, expect, test } from 'vitest';

import { INVALID, manifest } from '../../test/kubernetes/invalid-manifests.ts';
import { lint } from './lint.ts';

describe('the linter refuses', () => {
  test.each(INVALID)('$title', ({ object, field, says }) => {
    const { findings } = lint([{ name: 'a.yaml', text: JSON.stringify(object) }]);
    const faults = findings.filter(({ severity }) => severity === 'fault');
    expect(faults.map((fault) => fault.field)).toContain(field);
    expect(
      faults
        .filter((fault) => fault.field === field)
        .map(({ message }) => message)
        .join('\n'),
    ).toMatch(says);
  });
});

const MODEL = `apiVersion: tradewind.dev/v1alpha1
kind: TradingModel
metadata: {name: es}
spec:
  symbols: [ES]
  model:
    version: "1"
    uri: pvc://models/es
    digest: sha256:${'0'.repeat(64)}
`;
const at = (text: string, name = 'a.yaml') =>
  lint([{ name, text }]).findings.map(({ line, field, severity }) => `${line} ${severity} ${field}`);

describe('a finding', () => {
  test('stands at the line of its field, in any document of the file', () => {
    const text = `# A comment.\n---\napiVersion: v1\nkind: ConfigMap\n---\n${MODEL}  rollout:\n    steps:\n      - setWeight: 5\n      - {}\n    unknown: 1\n`;
    expect(at(text)).toEqual(['18 fault spec.rollout.steps[1]', '19 fault spec.rollout.unknown']);
  });

  test('stands at the nearest field above where its own is absent', () => {
    expect(at(MODEL.replace(/ +digest.*\n/, ''))).toEqual(['6 fault spec.model.digest']);
  });

  test('stands where an alias is used', () => {
    const text = `${MODEL}  serving:\n    minReplicas: &n 0\n    threads: *n\n`;
    expect(at(text)).toEqual(['11 fault spec.serving.minReplicas', '12 fault spec.serving.threads']);
  });

  test('names the object and the item of a List', () => {
    const items = [JSON.parse(JSON.stringify(INVALID[0]!.object)) as object];
    const { findings, checked } = lint([
      { name: 'a.json', text: JSON.stringify({ kind: 'List', apiVersion: 'v1', items }) },
    ]);
    expect(checked).toBe(1);
    expect(findings[0]).toMatchObject({ field: 'metadata.name', object: `TradingModel ${'m'.repeat(53)}` });
  });

  test('shows no password of an address', () => {
    const { findings } = lint([
      { name: 'a', text: MODEL.replace('pvc://models/es', 'https://me:secret@host/a?key=hidden') },
    ]);
    expect(findings[0]!.message).toContain('"https://***@host/a?***"');
    expect(JSON.stringify(findings)).not.toMatch(/secret@|hidden/);
  });
});

describe('YAML', () => {
  test.each(['NO', 'ON', 'Y', 'n', 'Off'])('%s without quotes is no text, as kubectl reads it', (word) => {
    const { findings } = lint([{ name: 'a', text: MODEL.replace('[ES]', `[${word}]`) }]);
    expect(findings[0]!.message).toMatch(
      new RegExp(`put it in quotes \\(YAML reads ${word} as (true|false)\\)`),
    );
  });

  test.each(['version: 2026-11-20', "version: '1'"])('%s is text', (line) => {
    expect(
      lint([{ name: 'a', text: MODEL.replace('version: "1"', line) }]).findings.filter(
        ({ severity }) => severity === 'fault',
      ),
    ).toEqual([]);
  });

  test.each([
    ['a key that stands twice', `${MODEL}spec: {}\n`, 10],
    ['a document that is no object', `${MODEL}---\n42\n`, 11],
    ['a bracket that stays open', `${MODEL}  overlay: {policy: [\n`, 11],
  ])('%s is a fault of the file', (_, text, line) => {
    expect(at(text)).toContain(`${line} fault `);
  });

  test('of another version or kind of ours is a fault, of others it is skipped', () => {
    expect(at('apiVersion: tradewind.dev/v1\nkind: TradingModels\nmetadata: {name: a}\n')).toEqual([
      '1 fault apiVersion',
      '2 fault kind',
    ]);
    const { checked, skipped } = lint([
      { name: 'a', text: 'apiVersion: v1\nkind: Pod\n---\n# nothing\n---\n' },
    ]);
    expect([checked, skipped]).toEqual([0, 1]);
  });
});

test('limits that none of the files has are spoken of, where there are limits', () => {
  const model = { name: 'm', text: `${MODEL}  risk: {limitsRef: {name: desc}}\n` };
  const limits = { name: 'l', text: JSON.stringify(manifest('RiskLimits', 'desk')) };
  const about = (files: (typeof model)[]) => lint(files).findings.map(({ field }) => field);
  expect(about([model, limits])).toContain('spec.risk.limitsRef.name');
  expect(about([model])).not.toContain('spec.risk.limitsRef.name');
});
