import type { EventLog } from '../eventlog/event-log.ts';
import { createPartitioner } from '../eventlog/partitioner.ts';
import type { ValidatorState } from '../marketdata/validate.ts';
import type { Clock } from '../runtime/clock.ts';
import { Snapshots } from './snapshots.ts';
import { StreamClaim } from './stream-claim.ts';

/** State of a collector between two items. */
export interface CollectorSnapshot {
  /** First item of the source that is not contained. */
  readonly position: number;
  readonly validator: ValidatorState;
}

/** Headers that say which item of which stream a record came from. */
const STREAM_HEADER = 'collector_stream';
const POSITION_HEADER = 'collector_position';
/** Records looked at from the end at first, and four times as many each time that none of the stream is among them. */
const FIRST_LOOK = 1024;

/**
 * What a collector on a log that outlives it needs to go on: a snapshot of some time ago, and how far each partition has
 * come since. It reads the source again from the snapshot, so that validation is as it was, and leaves out what its
 * partition of market data or quarantine holds: positions only grow within a partition, but for what a collector that was replaced while it stood still appends before it learns of it.
 */
export class CollectorState {
  /** The snapshot to begin from; `undefined` where there is none. */
  readonly snapshot: CollectorSnapshot | undefined;
  readonly #stream: string;
  readonly #claim: StreamClaim;
  readonly #snapshots: Snapshots<CollectorSnapshot>;
  readonly #appended: Reached;
  readonly #setAside: Reached;

  private constructor(
    stream: string,
    claim: StreamClaim,
    snapshots: Snapshots<CollectorSnapshot>,
    snapshot: CollectorSnapshot | undefined,
    appended: Reached,
    setAside: Reached,
  ) {
    this.#stream = stream;
    this.#claim = claim;
    this.#snapshots = snapshots;
    this.snapshot = snapshot;
    this.#appended = appended;
    this.#setAside = setAside;
  }

  /**
   * Claims the stream, then finds out how far it has come.
   *
   * @param stream - Names the source and everything that changes its items.
   * @param topics - Of market data, of quarantine, and the compacted one of snapshots.
   */
  static async open(
    log: EventLog,
    stream: string,
    topics: { readonly marketData: string; readonly quarantine: string; readonly featureState: string },
    clock: Clock,
  ): Promise<CollectorState> {
    const claim = await StreamClaim.take(log, topics.featureState, stream, clock);
    const snapshots = new Snapshots<CollectorSnapshot>(log, topics.featureState);
    const appended = await Reached.find(log, topics.marketData, stream);
    const setAside = await Reached.find(log, topics.quarantine, stream);
    return new CollectorState(
      stream,
      claim,
      snapshots,
      await snapshots.load(keyOf(stream)),
      appended,
      setAside,
    );
  }

  /** To be called before each append. @throws {StreamTaken} Another collector has begun the stream. */
  checkClaim(): Promise<void> {
    return this.#claim.check();
  }

  /** Whether the log holds what came of this item for this symbol. */
  isAppended(symbol: string, position: number): boolean {
    return this.#appended.has(symbol, position);
  }

  /** Whether quarantine holds what was set aside of this item for this symbol. */
  isSetAside(symbol: string, position: number): boolean {
    return this.#setAside.has(symbol, position);
  }

  headers(position: number): Readonly<Record<string, string>> {
    return { [STREAM_HEADER]: this.#stream, [POSITION_HEADER]: String(position) };
  }

  save(snapshot: CollectorSnapshot): Promise<void> {
    return this.#snapshots.save(keyOf(this.#stream), snapshot);
  }
}

/** How far a stream has come in each partition of a topic. */
class Reached {
  readonly #partitionOf: (symbol: string) => number;
  /** Position of the last item, by partition; -1 where there is none. */
  readonly #last: readonly number[];

  private constructor(last: readonly number[]) {
    this.#last = last;
    this.#partitionOf = createPartitioner(last.length);
  }

  static async find(log: EventLog, topic: string, stream: string): Promise<Reached> {
    const partitions = await log.positions(topic);
    return new Reached(
      await Promise.all(partitions.map(({ partition }) => lastPosition(log, topic, partition, stream))),
    );
  }

  has(symbol: string, position: number): boolean {
    return position <= this.#last[this.#partitionOf(symbol)]!;
  }
}

const keyOf = (stream: string): string => `collector/${stream}`;

async function lastPosition(
  log: EventLog,
  topic: string,
  partition: number,
  stream: string,
): Promise<number> {
  const { startOffset, endOffset } = (await log.positions(topic))[partition]!;
  let to = endOffset;
  for (let look = FIRST_LOOK; to > startOffset; look *= 4) {
    const from = Math.max(startOffset, endOffset - look);
    let last = -1;
    for await (const { headers, offset } of log.read(topic, partition, from)) {
      if (offset >= to) break;
      if (headers?.[STREAM_HEADER] === stream) last = Number(headers[POSITION_HEADER]);
    }
    if (last >= 0) return last;
    to = from;
  }
  return -1;
}
