import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';

import { clusterTool } from '../servers/tools.ts';
import { helmMissing, type Manifest, manifests, manifestsIn, objectOf, podsOf, ROOT } from './render.ts';

const kubectl = clusterTool('kubectl');
const IMAGE = 'registry.example/tradewind:1.2.3';

function build(folder: string): readonly Manifest[] {
  const { path } = kubectl as { path: string };
  const { status, stdout, stderr } = spawnSync(path, ['kustomize', folder], {
    encoding: 'utf8',
    maxBuffer: 64 * 2 ** 20,
  });
  expect(status, stderr).toBe(0);
  return manifestsIn(stdout);
}

const named = ({ kind, metadata }: Manifest): string => `${kind}/${metadata.name}`;

describe.skipIf('missing' in kubectl)('kubectl apply -k k8s', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'tradewind-kustomize-'));
    cpSync(join(ROOT, 'k8s'), join(folder, 'k8s'), { recursive: true });
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it.skipIf(helmMissing !== undefined)(
    'installs what the chart installs for a trial, but for its hooks',
    () => {
      const ofChart = manifests('trial')
        .filter(({ metadata }) => metadata.annotations?.['helm.sh/hook'] === undefined)
        .map(named);
      expect(build(join(folder, 'k8s')).map(named).toSorted()).toEqual(
        ['Namespace/tradewind', ...ofChart].toSorted(),
      );
    },
  );

  it('puts everything into one namespace, which refuses pods that are not restricted', () => {
    const objects = build(join(folder, 'k8s'));
    const { labels } = objectOf(objects, 'Namespace', 'tradewind').metadata;
    expect(labels['pod-security.kubernetes.io/enforce']).toBe('restricted');
    for (const object of objects)
      if (!['Namespace', 'CustomResourceDefinition'].includes(object.kind))
        expect(object.metadata.namespace, named(object)).toBe('tradewind');
  });

  it('lets an overlay choose namespace and image, that of predictors with it', () => {
    const overlay = { namespace: 'elsewhere', resources: ['k8s'] };
    writeFileSync(join(folder, 'kustomization.yaml'), stringify(overlay));
    const edited = join(folder, 'k8s/kustomization.yaml');
    const [name, tag] = IMAGE.split(':');
    const text = readFileSync(edited, 'utf8');
    writeFileSync(
      edited,
      text.replace('newName: tradewind', `newName: ${name}`).replace(/newTag: .*/, `newTag: "${tag}"`),
    );
    const objects = build(folder);
    const [controller] = objectOf(objects, 'Deployment', 'tradewind-controller').spec.template.spec
      .containers;
    expect(controller.env).toEqual([{ name: 'TRADEWIND_PREDICTORS_IMAGE', value: IMAGE }]);
    const ours = podsOf(objects).filter(({ spec }) => spec.containers[0].args?.[0] === 'service');
    expect(ours).toHaveLength(5);
    for (const { spec } of ours) expect(spec.containers[0].image).toBe(IMAGE);
    for (const { kind, subjects } of objects)
      if (kind === 'RoleBinding') expect(subjects[0].namespace).toBe('elsewhere');
  });
});
