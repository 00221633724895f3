import type { SimulatorFaults } from '../marketdata/sources/simulator/instrument.ts';
import type { TrainingSettingsInput } from '../ml/settings.ts';
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
  /** Any part of the settings of training; what is not given has the default there. Checked by the trainer. */
  readonly settings: TrainingSettingsInput;
  readonly name: string;
  /** Folder that is made: the artifact. */
  readonly outDir: string;
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
      /** Feature rows as `tradewind features` writes them; columns `close` and `mid` may give the prices of each bar. */
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
