/** While less is free, what is written may be broken, bytes. What takes and gives back more than that between two looks is not noticed. */
const SHORT_BYTES = 1024 ** 3;
/** By so much the clock may have been set back since, seconds. */
const MARGIN_S = 60;

/** A part of a table, the table as a statement spells it. */
interface Part {
  readonly table: string;
  readonly name: string;
}

export interface PartChecksOptions {
  /** Rows of a statement, as text. */
  readonly ask: (sql: string) => Promise<readonly (readonly string[])[]>;
  /** Of the file system that the engine writes to. */
  readonly freeBytes: () => number;
  /** Seconds since 1970 on the clock that files are dated by. */
  readonly nowS: () => number;
}

/**
 * Checks of the parts that the engine wrote while space was short. The engine (chdb 3.4.0, ClickHouse 26.7.2) takes no notice of a write that fails with ENOSPC: an
 * insert succeeds, or a merge replaces its sources, with files that are empty, and reading alone tells.
 */
export class PartChecks {
  readonly #options: PartChecksOptions;
  #isShort = false;
  /** When space was last short, as long as something of that time may be unchecked. */
  #shortS: number | undefined;
  /** What was written before is intact, or was checked. */
  #intactS: number;
  /** Active parts that were checked, of those written since. */
  #checked: ReadonlySet<string> = new Set();

  constructor(options: PartChecksOptions) {
    this.#options = options;
    this.#intactS = options.nowS();
  }

  /** Looks at free space; to be called often, whatever the engine does meanwhile. @returns Whether there may be something to check. */
  look(): boolean {
    const { freeBytes, nowS } = this.#options;
    this.#isShort = freeBytes() < SHORT_BYTES;
    if (this.#isShort) this.#shortS = nowS();
    else if (this.#shortS === undefined) this.#intactS = nowS();
    return this.#shortS !== undefined;
  }

  /**
   * Whether every active part is intact that may not be; to be asked after each insert, before it is acknowledged, and regularly for merges, whose sources
   * stay for minutes. Free while there is space.
   *
   * @throws What the engine throws for lack of something else: then it is not known, and to be asked again.
   */
  async areIntact(): Promise<boolean> {
    if (!this.look()) return true;
    const askedS = this.#options.nowS();
    const isShort = this.#isShort;
    // Before the parts are listed: a merge that ends in between is among them.
    const isMerging = await this.#isMergingSince(this.#shortS!);
    const parts = await this.#written();
    for (const part of parts)
      if (!this.#checked.has(keyOf(part)) && (await this.#isBroken(part))) return false;
    this.#checked = new Set(parts.map(keyOf));
    this.#intactS = askedS;
    if (!isShort && !isMerging) this.#shortS = undefined;
    return true;
  }

  /** Whether a merge is under way that began before there was space again. */
  async #isMergingSince(shortS: number): Promise<boolean> {
    const rows = await this.#options.ask(
      `SELECT count() FROM system.merges WHERE toUnixTimestamp64Micro(now64(6)) / 1e6 - elapsed <= ${shortS}`,
    );
    return rows[0]?.[0] !== '0';
  }

  async #written(): Promise<readonly Part[]> {
    const rows = await this.#options.ask(
      `SELECT database, table, name FROM system.parts
       WHERE active AND database != 'system' AND modification_time >= toDateTime(${Math.floor(this.#intactS) - MARGIN_S})`,
    );
    return rows.map(([database = '', table = '', name = '']) => ({
      table: `\`${database}\`.\`${table}\``,
      name,
    }));
  }

  async #isBroken(part: Part): Promise<boolean> {
    try {
      const [row] = await this.#options.ask(
        `CHECK TABLE ${part.table} PART '${part.name}' SETTINGS check_query_single_value_result = 1`,
      );
      return row?.[0] !== '1' && (await this.#isActive(part));
    } catch (error) {
      // A part that was merged meanwhile cannot be checked, and need not be.
      if (await this.#isActive(part)) throw error;
      return false;
    }
  }

  async #isActive(part: Part): Promise<boolean> {
    return (await this.#written()).some((one) => keyOf(one) === keyOf(part));
  }
}

const keyOf = ({ table, name }: Part): string => `${table} ${name}`;
