import { Presets, SingleBar } from 'cli-progress';

/** Shows how far long work is. */
export interface Progress {
  /** @param done - Units done of `total`, both >= 0. */
  update(stage: string, done: number, total: number): void;
  stop(): void;
}

const SILENT: Progress = { update: () => undefined, stop: () => undefined };

/**
 * A bar per stage on a terminal; a line when it begins anywhere else, where a bar would be lines upon lines.
 *
 * @param options - `isQuiet` leaves out that line, for output that programs read.
 */
export function createProgress(stream: NodeJS.WriteStream, { isQuiet = false } = {}): Progress {
  // A terminal that says it is dumb moves no cursor.
  if (!stream.isTTY || stream.getColorDepth() === 1) return isQuiet ? SILENT : firstLineOnly(stream);
  let bar: SingleBar | undefined;
  let current = '';
  return {
    update(stage, done, total) {
      if (stage !== current) {
        bar?.stop();
        bar = new SingleBar(
          {
            format: '  {stage} {bar} {percentage}%  {duration_formatted}',
            stream,
            hideCursor: true,
            barsize: 28,
          },
          Presets.shades_classic,
        );
        bar.start(total, done, { stage: stage.padEnd(28) });
        current = stage;
      }
      bar?.setTotal(total);
      bar?.update(done, { stage: stage.padEnd(28) });
    },
    stop() {
      bar?.stop();
      bar = undefined;
      current = '';
    },
  };
}

function firstLineOnly(stream: NodeJS.WriteStream): Progress {
  let isBegun = false;
  return {
    update(stage) {
      if (!isBegun) stream.write(`  ${stage} …\n`);
      isBegun = true;
    },
    stop() {
      isBegun = false;
    },
  };
}
