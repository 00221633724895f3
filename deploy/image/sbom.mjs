/** The list of what an image is made of: npm packages that lie in it, Debian packages, Node, XGBoost. CycloneDX 1.5. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Writes the list of one target; the same input gives the same bytes.
 *
 * @param modules - Folders `node_modules` that the image has, one for each layer.
 * @param xgboost - Version of the library, where the image has it.
 */
export function writeSbom({ file, target, modules, xgboost }) {
  // `--omit=dev` would leave out what packages for development want too: what lies in the image decides.
  const all = JSON.parse(run('npm', ['sbom', '--sbom-format=cyclonedx', '--package-lock-only']));
  const kept = new Set(modules.flatMap(packagesIn));
  const npm = all.components.filter(({ name, version }) => kept.has(`${name}@${version}`));
  const components = [
    ...npm,
    component('application', 'node', process.versions.node, `pkg:generic/node@${process.versions.node}`),
    ...(xgboost === undefined
      ? []
      : [component('library', 'xgboost-cpu', xgboost, `pkg:pypi/xgboost-cpu@${xgboost}`)]),
    ...debianPackages(),
  ].toSorted((a, b) => (a['bom-ref'] < b['bom-ref'] ? -1 : 1));
  const refs = new Set(components.map((one) => one['bom-ref']));
  const root = { ...all.metadata.component, type: 'container', name: `tradewind-${target}` };
  const sbom = {
    ...{ $schema: all.$schema, bomFormat: all.bomFormat, specVersion: all.specVersion, version: 1 },
    // A time and a random number would make every build another.
    metadata: { lifecycles: [{ phase: 'build' }], tools: all.metadata.tools, component: root },
    components,
    dependencies: all.dependencies
      .filter(({ ref }) => refs.has(ref) || ref === root['bom-ref'])
      .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter((one) => refs.has(one)) })),
  };
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(sbom)}\n`);
}

/** `name@version` of every package in a folder `node_modules`, nested ones too. */
function packagesIn(folder) {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter(
      ({ name, parentPath }) => name === 'package.json' && /node_modules\/(@[^/]+\/)?[^/]+$/.test(parentPath),
    )
    .map(({ parentPath }) => JSON.parse(readFileSync(join(parentPath, 'package.json'), 'utf8')))
    .map(({ name, version }) => `${name}@${version}`);
}

function debianPackages() {
  const format = '${Package}\t${Version}\t${Architecture}\n';
  return run('dpkg-query', ['-W', `-f=${format}`])
    .trim()
    .split('\n')
    .map((line) => line.split('\t'))
    .map(([name, version, arch]) =>
      component(
        'library',
        name,
        version,
        `pkg:deb/debian/${name}@${encodeURIComponent(version)}?arch=${arch}`,
      ),
    );
}

const component = (type, name, version, purl) => ({ 'bom-ref': purl, type, name, version, purl });

function run(program, args) {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 2 ** 28 });
  if (status !== 0) throw new Error(`${program} must list packages, said: ${stderr}`);
  return stdout;
}
