/** Free space below which nothing that was written is trusted unseen, bytes: more than whatever else fills a disk takes between two looks. */
const SHORT_BYTES = 1024 ** 3;
/** By so much the clock may have been set back since, seconds. */
const MARGIN_S = 60;

/** A table and one part of it, as a statement spells them. */
interface Part {
  readonly table: string;
  readonly name: string;
}

export interface WrittenPartsOptions {
  /** Rows of a statement, as text. */
  readonly ask: (sql: string) => Promise<readonly (readonly string[])[]>;
  /** Of the file system that the engine writes to. */
  readonly freeBytes: () => number;
  /** Seconds since 1970 on the clock that files are dated by. */
  readonly nowS: () => number;
}

/**
 * Holds what the engine has written to what is on disk. The engine (chdb 3.4.0, ClickHouse 26.7.2) goes on after a write that failed for want of space: an insert
 * succeeds, or a merge takes the place of its sources, with files that are empty. It is noticed by reading alone.
 */
export class WrittenParts {
  readonly #options: WrittenPartsOptions;
  #wasShort = false;
  /** What was written before is whole: there was space enough. */
  #trustedS: number;
  /** Parts that have been read. */
  #whole: ReadonlySet<string> = new Set();

  constructor(options: WrittenPartsOptions) {
    this.#options = options;
    this.#trustedS = options.nowS();
  }

  /**
   * Whether all that was written since space became short is there. To be asked after every insert, before it is acknowledged, and regularly for merges; it
   * costs one look at the file system while there is space.
   */
  async areWhole(): Promise<boolean> {
    const { freeBytes, nowS } = this.#options;
    const askedS = nowS();
    const isShort = freeBytes() < SHORT_BYTES;
    const isToBeRead = isShort || this.#wasShort;
    this.#wasShort = isShort;
    if (isToBeRead && !(await this.#readAll())) return false;
    if (!isShort) {
      this.#trustedS = askedS;
      this.#whole = new Set();
    }
    return true;
  }

  async #readAll(): Promise<boolean> {
    const parts = await this.#active();
    for (const part of parts) {
      if (!this.#whole.has(keyOf(part)) && !(await this.#isWhole(part)) && (await this.#isActive(part)))
        return false;
    }
    this.#whole = new Set(parts.map(keyOf));
    return true;
  }

  async #active(): Promise<readonly Part[]> {
    const rows = await this.#options.ask(
      `SELECT database, table, name FROM system.parts
       WHERE active AND database NOT IN ('system', 'information_schema', 'INFORMATION_SCHEMA')
         AND modification_time >= toDateTime(${Math.floor(this.#trustedS) - MARGIN_S})`,
    );
    return rows.map(([database = '', table = '', name = '']) => ({
      table: `\`${database}\`.\`${table}\``,
      name,
    }));
  }

  async #isWhole({ table, name }: Part): Promise<boolean> {
    try {
      const [row] = await this.#options.ask(
        `CHECK TABLE ${table} PART '${name}' SETTINGS check_query_single_value_result = 1`,
      );
      return row?.[0] === '1';
    } catch {
      return false;
    }
  }

  /** A part that was merged meanwhile can no longer be read, and need not be. */
  async #isActive(part: Part): Promise<boolean> {
    return (await this.#active()).some((one) => keyOf(one) === keyOf(part));
  }
}

const keyOf = ({ table, name }: Part): string => `${table} ${name}`;
