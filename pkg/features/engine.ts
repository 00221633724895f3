import type { MarketEvent } from '../marketdata/events.ts';
import { formatBarClock } from './bar-clock.ts';
import { coreDefinitions, DEFAULT_LOOKBACKS } from './core-v1.ts';
import type { FeatureDefinition } from './definition.ts';
import { FeatureSettingsInvalid, SnapshotMismatch } from './errors.ts';
import type { BarClock, FeatureSetName } from './feature-vector.ts';
import { MICRO_DEFINITIONS } from './micro-v1.ts';
import type { ResolvedSettings, StepOutputs } from './step-outputs.ts';
import { SymbolEngine, type SymbolSnapshot } from './symbol-engine.ts';

export interface FeatureSettings {
  /** Sets to compute, each at most once. */
  readonly sets: readonly FeatureSetName[];
  readonly bar: BarClock;
  /** Look-backs of `core-v1` in bars, each >= 2, growing. */
  readonly lookbacks?: readonly number[];
  /** How far behind the newest event of its symbol an event may come, milliseconds >= 0; default 250. */
  readonly allowedLatenessMs?: number;
}

/** State of an engine as data that `v8.serialize` and structured clone keep bit for bit. */
export interface EngineSnapshot {
  readonly settings: string;
  readonly symbols: readonly SymbolSnapshot[];
}

const DEFAULT_LATENESS_MS = 250;

/** Form of the state in a snapshot: grows when an older one can no longer be gone on from. */
export const SNAPSHOT_LAYOUT = 2;

/**
 * Turns market events into feature vectors, one per closed bar: for live streams, back-fill, training and back-test alike.
 *
 * No clock, no randomness, no I/O: the same events give the same vectors, bit for bit, whatever their order within the
 * allowed lateness. State per symbol is changed in place, since this is on the path of every tick.
 */
export class FeatureEngine {
  /** Names of the sets, joined by `+`. */
  readonly featureSet: string;
  readonly definitions: readonly FeatureDefinition[];
  /** Names of the features in the order of the values. */
  readonly names: readonly string[];
  readonly #settings: ResolvedSettings;
  readonly #symbols = new Map<string, SymbolEngine>();

  constructor(settings: FeatureSettings) {
    const lookbacks = settings.lookbacks ?? DEFAULT_LOOKBACKS;
    check(settings, lookbacks);
    this.definitions = [
      ...(settings.sets.includes('core-v1') ? coreDefinitions(lookbacks) : []),
      ...(settings.sets.includes('micro-v1') ? MICRO_DEFINITIONS : []),
    ];
    this.names = this.definitions.map(({ name }) => name);
    this.featureSet = settings.sets.toSorted().join('+');
    this.#settings = {
      sets: settings.sets,
      bar: settings.bar,
      lookbacks,
      allowedLatenessUs: (settings.allowedLatenessMs ?? DEFAULT_LATENESS_MS) * 1000,
      featureSet: this.featureSet,
      featureCount: this.names.length,
    };
  }

  /**
   * Takes in one event.
   *
   * @param offset - Its offset in the input log; becomes the identity of the vectors that it closes.
   */
  step(event: MarketEvent, offset: number): StepOutputs {
    let engine = this.#symbols.get(event.symbol);
    if (engine === undefined) {
      engine = new SymbolEngine(event.symbol, this.#settings);
      this.#symbols.set(event.symbol, engine);
    }
    return engine.step(event, offset);
  }

  /** Closes the bars that have ended by the newest event seen: for the end of a recording, when nothing late can come. */
  flush(): StepOutputs {
    return { vectors: [...this.#symbols.values()].flatMap((engine) => engine.flush()), rejected: [] };
  }

  snapshot(): EngineSnapshot {
    return {
      settings: fingerprint(this.#settings),
      symbols: structuredClone([...this.#symbols.values()].map((engine) => engine.snapshot())),
    };
  }

  /** @throws {SnapshotMismatch} It was made with other settings. */
  restore(snapshot: EngineSnapshot): void {
    const want = fingerprint(this.#settings);
    if (snapshot.settings !== want) throw new SnapshotMismatch(want, snapshot.settings);
    for (const symbol of structuredClone(snapshot.symbols)) {
      this.#symbols.set(symbol.symbol, SymbolEngine.fromSnapshot(symbol, this.#settings));
    }
  }
}

/** @throws {FeatureSettingsInvalid} */
export function createFeatureEngine(settings: FeatureSettings): FeatureEngine {
  return new FeatureEngine(settings);
}

/** An engine that goes on where the snapshot was taken, bit for bit. @throws {SnapshotMismatch} */
export function restoreFeatureEngine(settings: FeatureSettings, snapshot: EngineSnapshot): FeatureEngine {
  const engine = new FeatureEngine(settings);
  engine.restore(snapshot);
  return engine;
}

function fingerprint(settings: ResolvedSettings): string {
  const { featureSet, bar, lookbacks, allowedLatenessUs } = settings;
  return `${featureSet} on ${formatBarClock(bar)}, look-backs ${lookbacks.join(' ')}, lateness ${allowedLatenessUs} us, layout ${SNAPSHOT_LAYOUT}`;
}

function check({ sets, allowedLatenessMs = 0 }: FeatureSettings, lookbacks: readonly number[]): void {
  if (sets.length === 0 || new Set(sets).size !== sets.length) {
    throw new FeatureSettingsInvalid(
      `feature sets must be named once each and at least one, were '${sets.join(',')}'`,
    );
  }
  const areGrowing = lookbacks.every(
    (k, i) => Number.isInteger(k) && k >= 2 && (i === 0 || k > lookbacks[i - 1]!),
  );
  if (!areGrowing || lookbacks.length === 0) {
    throw new FeatureSettingsInvalid(
      `look-backs must be whole numbers of at least 2 that grow, were ${lookbacks.join(', ')}`,
    );
  }
  if (!(allowedLatenessMs >= 0)) {
    throw new FeatureSettingsInvalid(`allowed lateness must be 0 ms or more, was ${allowedLatenessMs}`);
  }
}
