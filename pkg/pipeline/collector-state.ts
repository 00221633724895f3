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
 * partition holds: positions only grow within a partition, but for what a collector that was replaced while it stood still appends before it learns of it.
 */
export class CollectorState {
  /** The snapshot to begin from; `undefined` where there is none. */
  readonly snapshot: CollectorSnapshot | undefined;
  readonly #stream: string;
  readonly #claim: StreamClaim;
  readonly #snapshots: Snapshots<CollectorSnapshot>;
  readonly #partitionOf: (symbol: string) => number;
  /** Position of the last item in the log, by partition. */
  readonly #last: readonly number[];

  private constructor(
    stream: string,
    claim: StreamClaim,
    snapshots: Snapshots<CollectorSnapshot>,
    snapshot: CollectorSnapshot | undefined,
    last: readonly number[],
  ) {
    this.#stream = stream;
    this.#claim = claim;
    this.#snapshots = snapshots;
    this.snapshot = snapshot;
    this.#last = last;
    this.#partitionOf = createPartitioner(last.length);
  }

  /**
   * Claims the stream, then finds out how far it has come.
   *
   * @param stream - Names the source and everything that changes its items.
   * @param topics - Of market data, and the compacted one of snapshots.
   */
  static async open(
    log: EventLog,
    stream: string,
    topics: { readonly marketData: string; readonly featureState: string },
    clock: Clock,
  ): Promise<CollectorState> {
    const claim = await StreamClaim.take(log, topics.featureState, stream, clock);
    const snapshots = new Snapshots<CollectorSnapshot>(log, topics.featureState);
    const last = await Promise.all(
      (await log.positions(topics.marketData)).map(({ partition }) =>
        lastPosition(log, topics.marketData, partition, stream),
      ),
    );
    return new CollectorState(stream, claim, snapshots, await snapshots.load(keyOf(stream)), last);
  }

  /** To be called before each append. @throws {StreamTaken} Another collector has begun the stream. */
  checkClaim(): Promise<void> {
    return this.#claim.check();
  }

  /** Whether the log holds what came of this item for this symbol. */
  isAppended(symbol: string, position: number): boolean {
    return position <= this.#last[this.#partitionOf(symbol)]!;
  }

  headers(position: number): Readonly<Record<string, string>> {
    return { [STREAM_HEADER]: this.#stream, [POSITION_HEADER]: String(position) };
  }

  save(snapshot: CollectorSnapshot): Promise<void> {
    return this.#snapshots.save(keyOf(this.#stream), snapshot);
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
