import type { ModelStatus } from '../../../pkg/console/messages.ts';
import { createProgress, type Progress } from '../../../pkg/runtime/progress.ts';
import type { Stream } from './stream.ts';

/** Where the servers of a run listen. */
export interface Addresses {
  readonly http: string;
  readonly grpc: string;
}

/** What a run tells the person in front of the terminal: one screen, then progress and the model. */
export class Screen {
  readonly #stream: NodeJS.WriteStream;
  readonly #isQuiet: boolean;
  #progress: Progress;
  #modelStatus: ModelStatus = { isTraining: false, text: '' };

  constructor(stream: NodeJS.WriteStream, isQuiet: boolean) {
    this.#stream = stream;
    this.#isQuiet = isQuiet;
    this.#progress = createProgress(stream, { isQuiet });
  }

  started(version: string, stream: Stream, { http, grpc }: Addresses, resumedFrom: number | undefined): void {
    this.#say(
      [
        `Tradewind ${version}`,
        `  source   ${stream.description}`,
        `  kept in  ${stream.directory}${resumedFrom === undefined ? '' : ` (going on at item ${resumedFrom})`}`,
        `  console  http://${http}/`,
        `  REST     http://${http}/predict, http://${http}/v2 (Open Inference Protocol), /metrics, /readyz`,
        `  gRPC     ${grpc} (tradewind.v1.PredictionService, Open Inference Protocol v2, health, reflection)`,
        '  stop     Ctrl-C',
      ].join('\n'),
    );
  }

  /** Where the first model is, for the console. */
  get modelStatus(): ModelStatus {
    return this.#modelStatus;
  }

  training(stage: string, done: number, total: number): void {
    this.#modelStatus = { isTraining: true, text: `${stage}, ${Math.floor((100 * done) / total)} %` };
    this.#progress.update(`training: ${stage}`, done, total);
  }

  /** @param lines - What there is to say of the model. */
  trained(lines: readonly string[]): void {
    this.#progress.stop();
    this.#modelStatus = { isTraining: false, text: '' };
    this.#say(`  model    ${lines.join('\n           ')}`);
  }

  /** For the console: the terminal has the line of the log. */
  notTrained(reason: string): void {
    this.#progress.stop();
    this.#modelStatus = { isTraining: false, text: reason };
  }

  /** The servers stay up. */
  sourceEnded(): void {
    this.#say('  source   has ended; the console and the servers stay until Ctrl-C');
  }

  stopped(): void {
    this.#progress.stop();
  }

  #say(text: string): void {
    if (!this.#isQuiet) this.#stream.write(`${text}\n`);
  }
}
