import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('../../out/faults/', import.meta.url));

/** Whether the longer forms run: `make test-faults`. */
export const IS_NIGHTLY = process.env['TRADEWIND_FAULTS'] === 'nightly';

/** A table of what faults did, one row per fault, as JSON below `out/faults`. */
export class FaultReport {
  readonly #file: string;
  readonly #rows: object[] = [];

  /** @param name - Of the file, without its ending. */
  constructor(name: string) {
    this.#file = join(FOLDER, `${name}.json`);
  }

  /** Adds a row; the file holds all rows from then on. */
  add(row: object): void {
    this.#rows.push(row);
    mkdirSync(dirname(this.#file), { recursive: true });
    writeFileSync(this.#file, `${JSON.stringify({ nightly: IS_NIGHTLY, rows: this.#rows }, null, 2)}\n`);
  }
}
