/**
 * Sorts what `npm ci` has installed into the parts of the images, takes away what no process reads, and lists what is left.
 *
 * `node assemble.mjs NODE_MODULES PARTS`: PARTS gets a folder for each layer, `runtime`, `predictor` and `full`, as it is to lie at /.
 */
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

import { writeSbom } from './sbom.mjs';

/** Packages of layers above that of `runtime`: a name, or a scope. */
const LAYERS = {
  predictor: ['onnxruntime-node', 'onnxruntime-common', 'adm-zip', 'global-agent'],
  full: ['chdb', '@chdb', 'koffi', '@koromix'],
};
/** Files for compilers and debuggers. */
const UNREAD = /(\.d\.[cm]?ts|\.map|\.tsbuildinfo)$/;
const SBOM = 'usr/share/doc/tradewind/sbom.cdx.json';

const [modules, parts] = process.argv.slice(2);
const partOf = (layer) => join(parts, layer);
const inApp = (layer, ...path) => join(partOf(layer), 'app', ...path);

checkNode();
prune(modules);
for (const [layer, names] of Object.entries(LAYERS)) {
  for (const name of names) {
    const from = join(modules, name);
    if (existsSync(from)) move(from, inApp(layer, 'node_modules', name));
  }
}
move(modules, inApp('runtime', 'node_modules'));
// What starts Tradewind looks here; the image has one Node, that of its base.
rmSync(inApp('runtime', 'node_modules/node'), { recursive: true, force: true });
mkdirSync(inApp('runtime', 'node_modules/node/bin'), { recursive: true });
symlinkSync('/usr/local/bin/node', inApp('runtime', 'node_modules/node/bin/node'));
if (existsSync('xgboost')) cpSync('xgboost', inApp('full', '.cache/xgboost'), { recursive: true });

const layers = [];
for (const layer of ['runtime', ...Object.keys(LAYERS)]) {
  layers.push(inApp(layer, 'node_modules'));
  writeSbom({
    file: join(partOf(layer), SBOM),
    target: layer,
    modules: layers,
    xgboost: layer === 'full' ? xgboostVersion() : undefined,
  });
}

/** The base must bring the Node that package.json pins, or a later one of the same major. */
function checkNode() {
  const wanted = JSON.parse(readFileSync('package.json', 'utf8')).dependencies.node;
  const [want, have] = [wanted, process.versions.node].map((text) => text.split('.').map(Number));
  const isLater = have[1] > want[1] || (have[1] === want[1] && have[2] >= want[2]);
  if (have[0] === want[0] && isLater) return;
  process.stderr.write(
    `image: base must bring Node ${wanted} or a later ${want[0]}, has ${process.versions.node}\n`,
  );
  process.exit(1);
}

function prune(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true }))
    if (entry.isFile() && UNREAD.test(entry.name)) rmSync(join(entry.parentPath, entry.name));
  for (const path of ['@types', '.bin', '.package-lock.json'])
    rmSync(join(folder, path), { recursive: true, force: true });
  // ONNX Runtime brings the libraries of every system.
  const libraries = join(folder, 'onnxruntime-node/bin/napi-v6');
  for (const system of readdirSync(libraries))
    for (const machine of readdirSync(join(libraries, system)))
      if (system !== process.platform || machine !== process.arch)
        rmSync(join(libraries, system, machine), { recursive: true });
}

function move(from, to) {
  mkdirSync(dirname(to), { recursive: true });
  renameSync(from, to);
}

function xgboostVersion() {
  return existsSync('xgboost/VERSION') ? readFileSync('xgboost/VERSION', 'utf8').trim() : undefined;
}
