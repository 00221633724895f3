import type { SimulatorFaults } from '../marketdata/sources/simulator/instrument.ts';
import type { ErrorKind } from '../runtime/errors.ts';

/** What the trainer process is asked to do: plain data, handed over as JSON. */
export interface TrainingJob {
  readonly inputs: readonly TrainingInput[];
  readonly featureSets: readonly ('core-v1' | 'micro-v1')[];
  /** Bar clock, e.g. `time:1000`. */
  readonly bar: string;
  readonly lookbacks?: readonly number[];
  readonly allowedLatenessMs?: number;
  /** Use this first share of the rows, by time; 1 for all. */
  readonly trainShare: number;
  readonly label: 'next-return' | 'next-mid-move' | 'triple-barrier';
  readonly horizonBars: number;
  readonly costBps: number;
  readonly folds: number;
  readonly embargoBars: number;
  readonly seed: number;
  readonly name: string;
  /** Folder that is made: the artifact. */
  readonly outDir: string;
  /** Further settings of training, as its configuration file gives them; checked by the trainer. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

/** Where training rows come from. */
export type TrainingInput =
  | {
      readonly kind: 'simulator';
      readonly symbols: readonly string[];
      readonly seed: number;
      readonly ticksPerSecond: number;
      readonly startTimeUs: number;
      readonly faults: SimulatorFaults;
      /** Events after this time are not seen. */
      readonly untilUs: number;
    }
  | {
      readonly kind: 'replay';
      readonly file: string;
      readonly format?: string;
      readonly symbol?: string;
      readonly timeZone?: string;
    }
  | {
      /** Feature rows as `tradewind features` writes them, with the close and mid of each bar beside. */
      readonly kind: 'features';
      readonly file: string;
    };

/** Messages of the trainer process to the one that started it. */
export type TrainerMessage =
  | { readonly kind: 'progress'; readonly stage: string; readonly done: number; readonly total: number }
  | {
      readonly kind: 'done';
      readonly digest: string;
      readonly version: string;
      readonly reportText: string;
      readonly report: unknown;
    }
  | {
      readonly kind: 'failed';
      readonly code: string;
      readonly errorKind: ErrorKind;
      readonly message: string;
    };
