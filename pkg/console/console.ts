import type { PipelineObserver } from '../pipeline/observer.ts';
import type { Clock } from '../runtime/clock.ts';
import type { HttpHandler } from '../runtime/http.ts';
import { loadAssets } from './assets.ts';
import { EventStream } from './event-stream.ts';
import { createConsoleHandler } from './http-handler.ts';
import { LiveView, type LiveViewState } from './live-view.ts';
import type { ConsoleAbout, ModelStatus, ScoreFrame } from './messages.ts';
import { modelCard, modelKey, type ShownModel } from './model-cards.ts';

export interface ConsoleOptions {
  readonly clock: Clock;
  readonly about: ConsoleAbout;
  /** What is older than this event time (UTC microseconds) is history; see `LiveViewOptions`. */
  readonly liveFromUs: number;
  /** The models that serve now, the one that answers most first. */
  readonly models: () => readonly ShownModel[];
  readonly modelStatus: () => ModelStatus;
  /** How the predictions of each model did. */
  readonly scores: () => readonly ScoreFrame[];
  /** What the page showed when the run before ended. */
  readonly kept?: LiveViewState;
}

/** The live page of a process: an ear in the pipeline and a handler for its HTTP server. */
export interface Console {
  readonly observer: PipelineObserver;
  readonly handler: HttpHandler;
  /** What the page shows now, for the run after this one. */
  readonly state: () => LiveViewState;
  /** Ends the streams of all pages. */
  readonly close: () => void;
}

/** Makes the console of a process. */
export async function openConsole(options: ConsoleOptions): Promise<Console> {
  const { clock, about, liveFromUs, models, modelStatus, scores, kept } = options;
  const keys = () => models().map(modelKey);
  const view = new LiveView({ clock, liveFromUs, modelStatus, scores, models: keys }, kept);
  const stream = new EventStream({ view });
  const handler = createConsoleHandler({
    ...{ assets: await loadAssets(), stream, about },
    models: () => models().map(modelCard),
  });
  return { observer: view, handler, state: () => view.state(), close: () => stream.close() };
}
