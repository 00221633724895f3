import { OffsetOutOfRange } from '../errors.ts';
import type { ConsumerHandler, LogRecord, PartitionAssignment, PartitionPosition } from '../event-log.ts';
import type { Committed } from './committed.ts';
import { KafkaUnavailable } from './errors.ts';
import type { Fetched } from './fetch.ts';
import type { ReadingReport } from './reading-report.ts';

/** Bytes that wait for a handler per partition, beyond which no more is fetched; one answer may exceed it. */
const MAX_WAITING_BYTES = 1_048_576;
/** Records that may be done and not committed, where commits come behind; a station looks further back than that for what it gave. */
const MAX_BEHIND_RECORDS = 4096;
/** Of a record beside its value, roughly. */
const RECORD_BYTES = 200;

/** What a reading needs of its consumer. */
export interface ReadingDuties {
  readonly handler: ConsumerHandler;
  readonly maxBatchRecords: number;
  readonly position: (topic: string, partition: number) => Promise<PartitionPosition>;
  readonly committed: (topic: string, partition: number) => Promise<Committed | undefined>;
  /** Whether nobody else can own the partitions yet; looked at before each batch. Where it is not so the reading is lost. */
  readonly isOwned: () => boolean;
  /** Resolves with false where the partition is another's by now. */
  readonly commit: (reading: Reading, offset: number) => Promise<boolean>;
  /** Commits some time later; absent where each batch is committed before the next begins. */
  readonly commitBehind?: (reading: Reading, offset: number) => void;
  /** Told when more could be fetched. */
  readonly wake: () => void;
  /** Whether an operator is waited for where the handler has no say in an offset that the log does not have. */
  readonly isStandingStill: boolean;
  readonly decisionPollMs: number;
  readonly report: ReadingReport;
}

/** A partition being read under one assignment, from its start to its end: one batch after the other, each committed. */
export class Reading {
  readonly assignment: PartitionAssignment;
  readonly #duties: ReadingDuties;
  #waiting: LogRecord[] = [];
  #waitingBytes = 0;
  /** Where the next fetch begins; `undefined` while nothing is to be fetched. */
  #fetchOffset: number | undefined;
  /** Offset after all that has been fetched, done, and committed; beyond every offset until that is known. */
  #fetchedTo = 0;
  #doneTo = Number.POSITIVE_INFINITY;
  #committedTo = Number.POSITIVE_INFINITY;
  #endOffset = 0;
  #isOutOfRange = false;
  #isStopping = false;
  #isLost = false;
  #wake: () => void = () => undefined;

  constructor(assignment: PartitionAssignment, duties: ReadingDuties) {
    this.assignment = assignment;
    this.#duties = duties;
  }

  /** Set when others may own the partition: nothing more is done or committed under this assignment. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /** Where to fetch next; `undefined` while there is enough, or nothing to be had. */
  get wanted(): number | undefined {
    return this.#isStopping || this.#waitingBytes > MAX_WAITING_BYTES ? undefined : this.#fetchOffset;
  }

  /** The batch in hand is the last. */
  stop(): void {
    this.#isStopping = true;
    this.#wake();
  }

  lose(): void {
    this.#isLost = true;
    this.stop();
  }

  /** Takes the answer to a fetch at `offset`, unless it has been overtaken. */
  give(offset: number, { records, nextOffset, endOffset }: Fetched): void {
    this.noteEnd(endOffset);
    if (offset !== this.#fetchOffset || nextOffset === offset) return;
    for (const record of records) {
      this.#waiting.push(record);
      this.#waitingBytes += RECORD_BYTES + (record.value?.byteLength ?? 0);
    }
    this.#fetchOffset = nextOffset;
    this.#fetchedTo = nextOffset;
    this.#wake();
  }

  /** The partition ended there a moment ago. */
  noteEnd(endOffset: number): void {
    this.#endOffset = endOffset;
    this.#tellLag();
  }

  /** The group goes on there if this reading ends. */
  noteCommitted(offset: number): void {
    this.#committedTo = offset;
    this.#tellLag();
  }

  /** The broker does not have the offset where the next fetch was to begin. */
  noteOutOfRange(offset: number): void {
    if (offset !== this.#fetchOffset) return;
    this.#fetchOffset = undefined;
    this.#isOutOfRange = true;
    this.#wake();
  }

  /** Reads until stopped. @throws What the handler throws, and OffsetOutOfRange where it cannot decide. */
  async run(): Promise<void> {
    try {
      await this.#start();
      await this.#readOn();
    } finally {
      try {
        if (!this.#isLost && this.#doneTo > this.#committedTo) await this.#duties.commit(this, this.#doneTo);
      } finally {
        this.#duties.report.lag(this.assignment, undefined);
      }
    }
  }

  async #readOn(): Promise<void> {
    const { handler, isOwned } = this.#duties;
    while (!this.#isStopping && isOwned()) {
      const records = this.#take();
      if (records.length > 0) await handler.onBatch({ ...this.assignment, records });
      const next = this.#waiting.length === 0 ? this.#fetchedTo : records.at(-1)!.offset + 1;
      if (next > this.#doneTo) {
        if (this.#isLost) return;
        this.#doneTo = next;
        if (!(await this.#commitDone())) return;
      } else if (this.#isOutOfRange) {
        this.#isOutOfRange = false;
        await this.#goOnAt(this.#fetchedTo);
      } else {
        await this.#woken();
      }
    }
  }

  /** @returns Whether the partition is still ours, as far as is known without waiting. */
  async #commitDone(): Promise<boolean> {
    const { commit, commitBehind } = this.#duties;
    if (commitBehind === undefined || this.#doneTo - this.#committedTo > MAX_BEHIND_RECORDS)
      return commit(this, this.#doneTo);
    commitBehind(this, this.#doneTo);
    return true;
  }

  async #start(): Promise<void> {
    const { handler, committed, position, commit } = this.#duties;
    const { topic, partition } = this.assignment;
    const kept = await handler.onAssigned?.(this.assignment);
    const group = await committed(topic, partition);
    // What an operator has chosen is newer than all that the handler has kept.
    const wanted = group?.isSought === true ? undefined : kept;
    const offset = wanted ?? group?.offset;
    if (offset === undefined) this.#fetchAt((await position(topic, partition)).startOffset);
    // What is to be read again stays committed as unread, should this member end before it is.
    else if ((await this.#goOnAt(offset)) && wanted !== undefined) await commit(this, wanted);
  }

  /** Goes on at an offset, or where the handler or an operator says if the log does not have it. @returns Whether it had. */
  async #goOnAt(offset: number): Promise<boolean> {
    const error = await this.#outside(offset);
    if (error === undefined) {
      this.#fetchAt(offset);
      return true;
    }
    const { handler, report, commit, isStandingStill } = this.#duties;
    report.outOfRange(error);
    if (handler.onOutOfRange === undefined && !isStandingStill) throw error;
    const instead = await handler.onOutOfRange?.(this.assignment, error);
    if (instead === undefined) {
      await this.#awaitOperator(offset);
      return false;
    }
    const again = await this.#outside(instead);
    if (again !== undefined) throw again;
    await commit(this, instead);
    this.#fetchAt(instead);
    return false;
  }

  /** Stands still, owned, until an operator has chosen an offset that the log has, or the reading ends. */
  async #awaitOperator(offset: number): Promise<void> {
    const { report, decisionPollMs } = this.#duties;
    this.#doneTo = offset;
    this.#committedTo = offset;
    report.stands(this.assignment);
    let chosen: number | undefined;
    try {
      while (chosen === undefined && !this.#isStopping) {
        chosen = await this.#chosen();
        if (chosen === undefined && !this.#isStopping) await this.#woken(decisionPollMs);
      }
    } finally {
      report.goesOn(this.assignment, chosen);
    }
    // Left committed as it is: until a batch is done, the choice holds for whoever owns the partition next.
    if (chosen !== undefined) this.#fetchAt(chosen);
  }

  async #chosen(): Promise<number | undefined> {
    const { topic, partition } = this.assignment;
    try {
      const group = await this.#duties.committed(topic, partition);
      if (group?.isSought !== true || (await this.#outside(group.offset)) !== undefined) return undefined;
      return group.offset;
    } catch (error) {
      // Brokers that are away while nothing is to be done are no reason to end.
      if (error instanceof KafkaUnavailable) return undefined;
      throw error;
    }
  }

  /** Waits for the next of `give`, `stop` and so on, or for a time. */
  async #woken(timeoutMs?: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (timeoutMs !== undefined) timer = setTimeout(resolve, timeoutMs);
    });
    clearTimeout(timer);
  }

  #tellLag(): void {
    if (this.#isStopping || !Number.isFinite(this.#committedTo)) return;
    this.#duties.report.lag(this.assignment, Math.max(0, this.#endOffset - this.#committedTo));
  }

  async #outside(offset: number): Promise<OffsetOutOfRange | undefined> {
    const { topic, partition } = this.assignment;
    const { startOffset, endOffset } = await this.#duties.position(topic, partition);
    return offset < startOffset || offset > endOffset
      ? new OffsetOutOfRange(topic, partition, offset, startOffset, endOffset)
      : undefined;
  }

  #fetchAt(offset: number): void {
    this.#fetchedTo = offset;
    this.#doneTo = offset;
    this.#committedTo = offset;
    this.#fetchOffset = offset;
    this.#duties.wake();
  }

  #take(): readonly LogRecord[] {
    const records = this.#waiting.splice(0, this.#duties.maxBatchRecords);
    const wasFull = this.#waitingBytes > MAX_WAITING_BYTES;
    for (const { value } of records) this.#waitingBytes -= RECORD_BYTES + (value?.byteLength ?? 0);
    if (wasFull) this.#duties.wake();
    return records;
  }
}
