import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { fileVersion } from '../../runtime/file-version.ts';
import type { TradingModelSpec } from '../../tradingmodel/spec.ts';
import { readManifests } from './manifest.ts';

/** What a folder of manifests holds. */
export interface FolderReading {
  /** Models whose file is there, whether it can be used or not: a file with a fault ends no model. */
  readonly names: ReadonlySet<string>;
  /** Specs by model, of the files that can be used. */
  readonly specs: ReadonlyMap<string, TradingModelSpec>;
}

interface KnownFile {
  readonly version: string;
  readonly spec: TradingModelSpec | undefined;
}

const ENDING = '.yaml';

/** Manifests in a folder, one TradingModel in each file `<name>.yaml`; a file is read again when it has changed. */
export class ManifestFolder {
  readonly #folder: string;
  readonly #onProblem: (file: string, fault: string) => void;
  readonly #known = new Map<string, KnownFile>();

  /** @param onProblem - Told once of each state of a file that cannot be used. */
  constructor(folder: string, onProblem: (file: string, fault: string) => void) {
    this.#folder = folder;
    this.#onProblem = onProblem;
  }

  async read(): Promise<FolderReading> {
    const names = (await filesIn(this.#folder)).map((file) => file.slice(0, -ENDING.length));
    const specs = new Map<string, TradingModelSpec>();
    for (const name of names) {
      const spec = await this.#specOf(name);
      if (spec !== undefined) specs.set(name, spec);
    }
    for (const name of this.#known.keys()) if (!names.includes(name)) this.#known.delete(name);
    return { names: new Set(names), specs };
  }

  async #specOf(name: string): Promise<TradingModelSpec | undefined> {
    const path = join(this.#folder, `${name}${ENDING}`);
    const version = await fileVersion(path);
    const known = this.#known.get(name);
    if (known?.version === version) return known.spec;
    const spec = this.#parse(name, path, await readFile(path, 'utf8').catch(() => ''));
    this.#known.set(name, { version, spec });
    return spec;
  }

  #parse(name: string, path: string, text: string): TradingModelSpec | undefined {
    const read = readManifests(path, text);
    const fault =
      read.fault ??
      (read.manifests.length === 1 && read.manifests[0]!.name === name
        ? undefined
        : `must hold one TradingModel, named ${name} as the file is, held ${read.manifests.map((one) => one.name).join(', ') || 'none'}`);
    if (fault === undefined && read.fault === undefined) return read.manifests[0]!.spec;
    this.#onProblem(path, fault!);
    return undefined;
  }
}

async function filesIn(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).filter((file) => file.endsWith(ENDING)).toSorted();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
