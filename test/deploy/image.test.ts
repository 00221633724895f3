import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { PROCESSES } from '../../cmd/service/processes.ts';

/*
 * What goes into the images, without building one: the parts that deploy/image sorts the packages into.
 */

interface Sbom {
  readonly components: readonly { readonly name: string; readonly version: string; readonly purl: string }[];
}

const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  readonly dependencies: Readonly<Record<string, string>>;
};
const DOCKERFILE = readFileSync('deploy/Dockerfile', 'utf8');
const SBOM = 'usr/share/doc/tradewind/sbom.cdx.json';
/** Packages of an application that layers above `runtime` bring. */
const HEAVY = { predictor: ['onnxruntime-node'], full: ['chdb', 'koffi'] } as const;
const TIMEOUT_MS = 240_000;

it('starts from the Node that the project pins, by its digest', () => {
  const [, version] = /^ARG BASE=node:([\d.]+)-[a-z]+-slim@sha256:[0-9a-f]{64}$/m.exec(DOCKERFILE) ?? [];
  expect(version).toBe(dependencies['node']);
});

it.each([
  ['a later major', '99.0.0'],
  ['a later minor', process.versions.node.replace(/\.\d+\.\d+$/, '.999.0')],
])('is not made of a base whose Node is older than the one that is pinned: %s', (_, node) => {
  const folder = mkdtempSync(join(tmpdir(), 'tradewind-image-'));
  try {
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ dependencies: { node } }));
    const script = join(process.cwd(), 'deploy/image/assemble.mjs');
    const args = [script, 'node_modules', 'parts'];
    const { status, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
    expect(stderr).toContain(`base must bring Node ${node}`);
    expect(status).toBe(1);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

describe.skipIf(!existsSync('/usr/bin/dpkg-query'))('the parts of the images', () => {
  let folder: string;
  const part = (layer: string, ...path: string[]): string => join(folder, 'parts', layer, ...path);
  const sbom = (layer: string): Sbom => JSON.parse(readFileSync(part(layer, SBOM), 'utf8')) as Sbom;
  const assemble = (to: string): void => {
    // Links, as many gigabytes need not be copied: files are taken away, and none is written to.
    spawnSync('cp', ['-al', 'node_modules', join(folder, 'node_modules')]);
    const { status, stderr } = spawnSync(
      process.execPath,
      ['deploy/image/assemble.mjs', join(folder, 'node_modules'), join(folder, to)],
      { encoding: 'utf8' },
    );
    expect(status, stderr).toBe(0);
  };

  beforeAll(() => {
    mkdirSync('.cache', { recursive: true });
    folder = mkdtempSync(join(process.cwd(), '.cache/image-test-'));
    assemble('parts');
    for (const path of ['package.json', 'cmd', 'pkg', 'proto/gen'])
      cpSync(path, part('runtime', 'app', path), { recursive: true });
  }, TIMEOUT_MS);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('have what is large only where it is used, and one Node: that of the base', () => {
    for (const [layer, names] of Object.entries(HEAVY)) {
      for (const name of names) {
        expect(existsSync(part(layer, 'app/node_modules', name))).toBe(true);
        expect(existsSync(part('runtime', 'app/node_modules', name))).toBe(false);
      }
    }
    expect(readlinkSync(part('runtime', 'app/node_modules/node/bin/node'))).toBe('/usr/local/bin/node');
    const systems = part('predictor', 'app/node_modules/onnxruntime-node/bin/napi-v6');
    const machines = readdirSync(systems).flatMap((system) =>
      readdirSync(join(systems, system)).map((machine) => `${system} ${machine}`),
    );
    expect(machines).toEqual([`${process.platform} ${process.arch}`]);
    expect(globSync(part('runtime', 'app/node_modules/**/*.{d.ts,map}'))).toEqual([]);
  });

  it.each(['controller', ...Object.keys(PROCESSES).filter((name) => name !== 'predictor')])(
    'let %s start without what runs models',
    (name) => {
      const program = part('runtime', 'app/cmd/tradewind/main.ts');
      // A wrong setting is told once everything is loaded.
      const env = { ...process.env, TRADEWIND_HTTP_PORT: 'none' };
      const { status, stderr } = spawnSync(process.execPath, [program, 'service', name], {
        env,
        encoding: 'utf8',
      });
      expect(stderr).toMatch(/^tradewind: ConfigInvalid: /m);
      expect(status).toBe(2);
    },
    TIMEOUT_MS,
  );

  it('list what they have, packages of Debian with it', () => {
    const named = (layer: string): Set<string> => new Set(sbom(layer).components.map(({ name }) => name));
    const heavy = Object.values(HEAVY).flat() as readonly string[];
    for (const name of Object.keys(dependencies)) {
      expect(named('full'), name).toContain(name);
      if (!heavy.includes(name)) expect(named('runtime'), name).toContain(name);
    }
    expect(named('runtime')).not.toContain('chdb');
    expect(named('predictor')).toContain('onnxruntime-node');
    expect(sbom('runtime').components.some(({ purl }) => purl.startsWith('pkg:deb/debian/libc6@'))).toBe(
      true,
    );
  });

  it(
    'are the same when they are made again',
    () => {
      assemble('again');
      for (const layer of ['runtime', ...Object.keys(HEAVY)])
        expect(readFileSync(join(folder, 'again', layer, SBOM))).toEqual(readFileSync(part(layer, SBOM)));
    },
    TIMEOUT_MS,
  );
});
