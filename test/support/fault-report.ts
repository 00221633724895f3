import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('../../out/faults/', import.meta.url));

/** The form of the fault tests that was asked for, if not the short one. */
const form = process.env['TRADEWIND_FAULTS'];

/** Whether each fault is to have a run of its own, where a run can have several. */
export const IS_EACH = form === 'each';
/** Whether the longer forms run: `make test-faults`. */
export const IS_NIGHTLY = form === 'nightly' || IS_EACH;

interface Table {
  readonly nightly: boolean;
  readonly rows: readonly Readonly<Record<string, unknown>>[];
}

/**
 * A table of what faults did, one row per fault, as JSON below `out/faults`. A run of some of the faults replaces their rows and
 * leaves those of the others, so that a long table may be made in several runs of the same form.
 */
export class FaultReport {
  readonly #file: string;
  readonly #key: string;

  /**
   * @param name - Of the file, without its ending.
   * @param key - Field that tells one row from the others.
   */
  constructor(name: string, key: string) {
    this.#file = join(FOLDER, `${name}.json`);
    this.#key = key;
  }

  /** Adds a row, in place of one of the same key; the file holds it from then on. */
  add(row: Readonly<Record<string, unknown>>): void {
    const others = this.#rows().filter((one) => one[this.#key] !== row[this.#key]);
    const table: Table = { nightly: IS_NIGHTLY, rows: [...others, row] };
    mkdirSync(dirname(this.#file), { recursive: true });
    writeFileSync(this.#file, `${JSON.stringify(table, null, 2)}\n`);
  }

  #rows(): Table['rows'] {
    if (!existsSync(this.#file)) return [];
    const { nightly, rows } = JSON.parse(readFileSync(this.#file, 'utf8')) as Table;
    return nightly === IS_NIGHTLY ? rows : [];
  }
}
