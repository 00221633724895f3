import {
  CRASH_POINTS,
  CRASH_SIGNALS,
  type CrashPoint,
  type CrashSignal,
} from '../../../pkg/runtime/crash-point.ts';

/** The processes of the system, in the order of the data. */
export const PROCESS_NAMES = ['collector', 'features', 'predictor', 'gateway', 'recorder'] as const;
export type ProcessName = (typeof PROCESS_NAMES)[number];

/** Something that happens to a process once. */
export interface Fault {
  readonly process: ProcessName;
  readonly signal: CrashSignal;
  /** A crash point and its passing, or a share in (0, 1) of the way of this process through the stream. */
  readonly at: { readonly point: CrashPoint; readonly passing: number } | { readonly share: number };
}

/** One run of the system through one stream, with what happens to it; faults of one process come one after the other. */
export interface Cell {
  readonly name: string;
  readonly faults: readonly Fault[];
}

const processOf = (point: CrashPoint): ProcessName => point.slice(0, point.indexOf(':')) as ProcessName;

const pointsOf = (process: ProcessName): readonly CrashPoint[] =>
  CRASH_POINTS.filter((point) => processOf(point) === process);

const atPoint = (point: CrashPoint, signal: CrashSignal, passing: number): Fault => ({
  ...{ process: processOf(point), signal, at: { point, passing } },
});

/** A few faults a cell: every process killed at every point of it, stopped for longer than a session while it has something in hand, and ended anywhere. */
export const BOUNDED: readonly Cell[] = [
  ...PROCESS_NAMES.map((process) => ({
    name: `${process} killed at each of its points`,
    faults: pointsOf(process).map((point, i) => atPoint(point, 'SIGKILL', i + 1)),
  })),
  ...(
    [
      'collector:after-append',
      'features:after-step',
      'predictor:after-run',
      'gateway:after-prediction',
      'recorder:after-spool',
    ] as const
  ).map((point) => ({
    name: `${processOf(point)} stands still ${point.slice(point.indexOf(':') + 1)}`,
    faults: [atPoint(point, 'SIGSTOP', 2)],
  })),
  ...(['SIGKILL', 'SIGTERM'] as const).map((signal) => ({
    name: `all ended by ${signal}, each at another place`,
    faults: PROCESS_NAMES.map((process, i) => ({ process, signal, at: { share: 0.15 + 0.15 * i } })),
  })),
];

/** One run in which each process ends in another way. */
export const FEW: readonly Cell[] = [
  {
    name: 'each process ended in another way',
    faults: [
      { process: 'collector', signal: 'SIGKILL', at: { share: 0.15 } },
      atPoint('features:after-step', 'SIGSTOP', 2),
      { process: 'predictor', signal: 'SIGTERM', at: { share: 0.45 } },
      atPoint('gateway:after-prediction', 'SIGKILL', 3),
      { process: 'recorder', signal: 'SIGTERM', at: { share: 0.75 } },
    ],
  },
];

/** Every signal at every point and at a random place. @param uniform - In [0, 1). */
function everyFault(uniform: () => number): readonly Fault[] {
  return CRASH_SIGNALS.flatMap((signal) => [
    ...CRASH_POINTS.map((point) => atPoint(point, signal, 1 + Math.floor(3 * uniform()))),
    ...PROCESS_NAMES.map((process) => ({ process, signal, at: { share: 0.05 + 0.9 * uniform() } })),
  ]);
}

/** Faults of a process in a cell with several. */
const FAULTS_OF_PROCESS = 2;

/** One fault a cell. */
export function eachByItself(uniform: () => number): readonly Cell[] {
  return everyFault(uniform).map((fault) => ({ name: kindOf(fault), faults: [fault] }));
}

/** The same faults in fewer cells: of each process one after the other, by one signal, beside those of the others. */
export function severalOfEachProcess(uniform: () => number): readonly Cell[] {
  const bySignal = Map.groupBy(everyFault(uniform), ({ signal }) => signal);
  const cells = [...bySignal].map(([signal, faults]) => {
    const queues = PROCESS_NAMES.map((name) => faults.filter(({ process }) => process === name));
    const rounds = Math.ceil(Math.max(...queues.map(({ length }) => length)) / FAULTS_OF_PROCESS);
    return Array.from({ length: rounds }, (_, round) => ({
      name: `${signal} of each process, ${round + 1} of ${rounds}`,
      faults: queues.flatMap((queue) => queue.filter((_, i) => i % rounds === round)),
    }));
  });
  // Each signal early.
  return cells[0]!.flatMap((_, round) => cells.flatMap((ofSignal) => ofSignal.slice(round, round + 1)));
}

/** A fault in a few words. */
export function nameOf(fault: Fault): string {
  const { at } = fault;
  return 'point' in at
    ? `${kindOf(fault)}, passing ${at.passing}`
    : `${kindOf(fault)}, ${Math.round(100 * at.share)} %`;
}

/** What a fault is, whichever passing or place was drawn. */
function kindOf({ process, signal, at }: Fault): string {
  return `${signal} ${'point' in at ? at.point : `${process} anywhere`}`;
}
