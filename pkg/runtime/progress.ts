import { Presets, SingleBar } from 'cli-progress';

/** Shows how far long work is. */
export interface Progress {
  /** @param done - Units done of `total`, both >= 0. */
  update(stage: string, done: number, total: number): void;
  stop(): void;
}

/** A bar per stage on a terminal; silent anywhere else, so that pipes and logs stay clean. */
export function createProgress(stream: NodeJS.WriteStream): Progress {
  if (!stream.isTTY) return { update: () => undefined, stop: () => undefined };
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
