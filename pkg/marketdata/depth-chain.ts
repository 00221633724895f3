import type { BookDelta, BookSnapshot } from './events.ts';

/**
 * What a delta is to the chain. `pending`: it waits for a snapshot. `stale`: its changes are contained already. `gap`: updates
 * before it are missing; from here on a new snapshot is needed.
 */
export type DeltaOutcome = 'applied' | 'stale' | 'gap' | 'pending';

/**
 * What a snapshot is to the chain. `synchronised`: the chain goes on from it, or from the newest delta that waited.
 * `restarted`: the venue counts anew, so deltas that waited are of the past. `passedOver`: the chain already contains it.
 * `unconnected`: updates between it and the first delta that waits are missing; a newer snapshot is needed.
 */
export type SnapshotOutcome = 'synchronised' | 'restarted' | 'passedOver' | 'unconnected';

/** A chain as plain data. */
export interface DepthChainState {
  readonly isSynchronised: boolean;
  readonly fromUpdateId: number;
  readonly lastUpdateId: number;
  readonly isFirstAfterSnapshot: boolean;
  readonly waiting: number;
}

/** Deltas that may wait for a snapshot; with one more the wait begins anew at it. Bounds what a book keeps. */
export const MAX_WAITING = 4096;
/** Venues that lost their counter begin again at this id (Bybit says so). */
const RESTART_ID = 1;

/**
 * Decides whether depth updates follow each other without a gap: the one place that knows the rules.
 *
 * Where a delta names its predecessor (`previousUpdateId`: Binance futures `pu`), that must be the last id; elsewhere its first
 * id must be at most the last id plus one (Binance spot `U`, Bybit `u`). The first delta after a snapshot must contain the
 * snapshot's id, or follow directly on it: its predecessor ended at or before the snapshot, and it ends after it.
 *
 * @see Binance API documentation, "How to manage a local order book correctly", spot and USD-M futures; Bybit V5 API, "Orderbook".
 */
export class DepthChain {
  #isSynchronised = false;
  /** Id of the snapshot that the chain began at; while deltas wait, the id that a snapshot must reach to connect with them. */
  #fromUpdateId = -1;
  #lastUpdateId = -1;
  #isFirstAfterSnapshot = false;
  /** Deltas in the unbroken run that waits for a snapshot. */
  #waiting = 0;

  get isSynchronised(): boolean {
    return this.#isSynchronised;
  }

  /** Last id of the chain; -1 before the first update. */
  get lastUpdateId(): number {
    return this.#lastUpdateId;
  }

  /** Id that a snapshot must reach to connect with the deltas that wait. */
  get fromUpdateId(): number {
    return this.#fromUpdateId;
  }

  /** Deltas that wait for a snapshot: 1 says that the run began at the one just taken. */
  get waiting(): number {
    return this.#waiting;
  }

  takeDelta(delta: BookDelta): DeltaOutcome {
    if (delta.lastUpdateId <= this.#lastUpdateId) return 'stale';
    const follows = this.#follows(delta);
    if (this.#isSynchronised && follows) {
      this.#lastUpdateId = delta.lastUpdateId;
      this.#isFirstAfterSnapshot = false;
      return 'applied';
    }
    const isFirst = !this.#isSynchronised && this.#waiting === 0;
    if (follows && !isFirst && this.#waiting < MAX_WAITING) {
      this.#lastUpdateId = delta.lastUpdateId;
      this.#waiting += 1;
      return 'pending';
    }
    this.#startRun(delta);
    return follows || isFirst ? 'pending' : 'gap';
  }

  takeSnapshot({ lastUpdateId }: BookSnapshot): SnapshotOutcome {
    const isBeforeChain = lastUpdateId < this.#fromUpdateId;
    if (isBeforeChain && (this.#isSynchronised || lastUpdateId === RESTART_ID)) {
      this.#begin(lastUpdateId, lastUpdateId);
      return 'restarted';
    }
    if (this.#isSynchronised && lastUpdateId < this.#lastUpdateId) return 'passedOver';
    if (isBeforeChain) return 'unconnected';
    const newest = this.#waiting === 0 ? lastUpdateId : Math.max(lastUpdateId, this.#lastUpdateId);
    this.#begin(lastUpdateId, newest);
    return 'synchronised';
  }

  toState(): DepthChainState {
    return {
      isSynchronised: this.#isSynchronised,
      fromUpdateId: this.#fromUpdateId,
      lastUpdateId: this.#lastUpdateId,
      isFirstAfterSnapshot: this.#isFirstAfterSnapshot,
      waiting: this.#waiting,
    };
  }

  static fromState(state: DepthChainState): DepthChain {
    const chain = new DepthChain();
    chain.#isSynchronised = state.isSynchronised;
    chain.#fromUpdateId = state.fromUpdateId;
    chain.#lastUpdateId = state.lastUpdateId;
    chain.#isFirstAfterSnapshot = state.isFirstAfterSnapshot;
    chain.#waiting = state.waiting;
    return chain;
  }

  #begin(snapshotId: number, newestId: number): void {
    this.#isSynchronised = true;
    this.#fromUpdateId = snapshotId;
    this.#lastUpdateId = newestId;
    this.#isFirstAfterSnapshot = newestId === snapshotId;
    this.#waiting = 0;
  }

  #startRun(delta: BookDelta): void {
    this.#isSynchronised = false;
    this.#fromUpdateId = delta.previousUpdateId ?? delta.firstUpdateId - 1;
    this.#lastUpdateId = delta.lastUpdateId;
    this.#isFirstAfterSnapshot = false;
    this.#waiting = 1;
  }

  #follows({ firstUpdateId, previousUpdateId }: BookDelta): boolean {
    if (previousUpdateId === undefined) return firstUpdateId <= this.#lastUpdateId + 1;
    return this.#isFirstAfterSnapshot
      ? previousUpdateId <= this.#lastUpdateId
      : previousUpdateId === this.#lastUpdateId;
  }
}
