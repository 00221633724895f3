import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { extname, join } from 'node:path';

/** A file of the page, in memory. */
export interface Asset {
  readonly body: Buffer;
  readonly contentType: string;
  /** Strong validator of the content, quoted. */
  readonly etag: string;
}

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

const PUBLIC = join(import.meta.dirname, 'public');

/** Files of the chart library, by the path under which the page asks for them. */
const VENDORED: Readonly<Record<string, string>> = {
  '/console/vendor/uplot.js': 'uplot/dist/uPlot.esm.js',
  '/console/vendor/uplot.css': 'uplot/dist/uPlot.min.css',
};

/** Reads the page and the chart library once. @returns Files by the path that they are served under. */
export async function loadAssets(): Promise<ReadonlyMap<string, Asset>> {
  const require = createRequire(import.meta.url);
  const own = (await readdir(PUBLIC))
    .filter((name) => extname(name) in CONTENT_TYPES)
    .map((name) => [name === 'index.html' ? '/' : `/console/${name}`, join(PUBLIC, name)] as const);
  const vendored = Object.entries(VENDORED).map(([path, module]) => [path, require.resolve(module)] as const);
  return new Map(
    await Promise.all(
      [...own, ...vendored].map(async ([path, file]) => [path, await readAsset(file)] as const),
    ),
  );
}

async function readAsset(file: string): Promise<Asset> {
  const body = await readFile(file);
  return {
    body,
    contentType: CONTENT_TYPES[extname(file)]!,
    etag: `"${createHash('sha256').update(body).digest('hex').slice(0, 32)}"`,
  };
}
