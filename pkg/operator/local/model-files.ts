import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { writeFileAtomically } from '../../runtime/atomic-file.ts';
import type { SeenAction } from '../../rollout/seen.ts';
import type { RevisionSource } from '../../tradingmodel/revision.ts';
import { type TradingModelSpec, tradingModelSpecSchema } from '../../tradingmodel/spec.ts';
import {
  type RevisionRole,
  type TradingModelStatus,
  tradingModelStatusSchema,
} from '../../tradingmodel/status.ts';
import { type LocalManifest, manifestText } from './manifest.ts';

/** What is kept of a model: the object that was decided on, and what was decided. */
export interface KeptModel {
  /** Counts the changes of the spec, from 1. */
  readonly generation: number;
  readonly spec: TradingModelSpec;
  readonly status: TradingModelStatus;
}

/** What is kept of a revision. */
export interface KeptRevision {
  readonly name: string;
  readonly number: number;
  readonly source: RevisionSource;
  /** Whether it is to be loaded, and what for; absent until it was for the first time. */
  readonly deployment?: { readonly role: RevisionRole; readonly replicas: number };
}

/**
 * The folder of the models of one process, where an API server would have their objects: `manifests/<model>.yaml`, which people write,
 * `actions/<model>.json`, which they ask with, and `status/<model>.json` and `revisions/<model>/<revision>.json`, which the controller writes.
 * Each file is replaced as a whole.
 */
export class ModelFiles {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  get manifests(): string {
    return join(this.#folder, 'manifests');
  }

  manifestPath(model: string): string {
    return join(this.manifests, `${model}.yaml`);
  }

  writeManifest(manifest: LocalManifest): Promise<void> {
    return write(this.manifestPath(manifest.name), manifestText(manifest));
  }

  /** Every model of which something is kept. A status that cannot be read is one that was lost: it is made anew. */
  async readModels(): Promise<ReadonlyMap<string, KeptModel>> {
    const found = new Map<string, KeptModel>();
    for (const name of await namesIn(join(this.#folder, 'status'))) {
      const value = (await readJson(this.#statusPath(name))) as Partial<KeptModel> | undefined;
      const spec = tradingModelSpecSchema.safeParse(value?.spec);
      const status = tradingModelStatusSchema.safeParse(value?.status);
      if (spec.success)
        found.set(name, {
          ...{ generation: value?.generation ?? 1, spec: spec.data },
          status: status.success ? status.data : {},
        });
    }
    return found;
  }

  writeModel(name: string, kept: KeptModel): Promise<void> {
    return write(this.#statusPath(name), `${JSON.stringify(kept, undefined, 2)}\n`);
  }

  async readRevisions(model: string): Promise<readonly KeptRevision[]> {
    const found: KeptRevision[] = [];
    for (const revision of await namesIn(join(this.#folder, 'revisions', model))) {
      const value = (await readJson(this.#revisionPath(model, revision))) as KeptRevision | undefined;
      if (value?.source?.model !== undefined) found.push(value);
    }
    return found;
  }

  writeRevision(model: string, revision: KeptRevision): Promise<void> {
    return write(this.#revisionPath(model, revision.name), `${JSON.stringify(revision, undefined, 2)}\n`);
  }

  removeRevision(model: string, revision: string): Promise<void> {
    return rm(this.#revisionPath(model, revision), { force: true });
  }

  /** Everything but the manifest, which is gone already. */
  async removeModel(model: string): Promise<void> {
    await rm(this.#actionPath(model), { force: true });
    await rm(join(this.#folder, 'revisions', model), { recursive: true, force: true });
    await rm(this.#statusPath(model), { force: true });
  }

  /** What was asked for last, as text. */
  async readAction(model: string): Promise<string | undefined> {
    return readText(this.#actionPath(model));
  }

  writeAction(model: string, action: SeenAction): Promise<void> {
    return write(this.#actionPath(model), `${JSON.stringify(action)}\n`);
  }

  #statusPath(model: string): string {
    return join(this.#folder, 'status', `${model}.json`);
  }

  #actionPath(model: string): string {
    return join(this.#folder, 'actions', `${model}.json`);
  }

  #revisionPath(model: string, revision: string): string {
    return join(this.#folder, 'revisions', model, `${revision}.json`);
  }
}

const write = (path: string, text: string): Promise<void> => writeFileAtomically(path, Buffer.from(text));

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    const files = await readdir(folder);
    return files.filter((file) => file.endsWith('.json')).map((file) => file.slice(0, -'.json'.length));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse((await readText(path)) ?? 'null');
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
