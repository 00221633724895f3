import type { ServerResponse } from 'node:http';

import { ConsoleFull } from './errors.ts';
import type { Cursor, LiveView } from './live-view.ts';

export interface EventStreamOptions {
  readonly view: LiveView;
  /** Time between frames, milliseconds; default 250. */
  readonly intervalMs?: number;
  /** Pages that may watch at once; default 16. */
  readonly maxClients?: number;
  /** A client that has more than this unread is sent nothing until it has caught up; default 1 MiB. */
  readonly maxUnreadBytes?: number;
}

/** Frames that a client may miss before its connection is ended: 30 s at the default interval. */
const MAX_MISSED = 120;
/** How soon a page comes back after its connection broke, milliseconds. */
const RETRY_MS = 1000;

interface Client {
  readonly response: ServerResponse;
  /** Frames not sent since it fell behind; 0 while it keeps up. */
  missed: number;
}

/**
 * Server-sent events of the console: a snapshot first, then a frame a few times a second, which is also the heartbeat.
 * A frame is made once for all clients, and only while there are any. A client that reads too slowly misses frames and
 * gets a new snapshot when it has caught up: nothing grows with it.
 */
export class EventStream {
  readonly #options: Required<EventStreamOptions>;
  readonly #clients = new Set<Client>();
  readonly #timer: NodeJS.Timeout;
  #cursor: Cursor = new Map();

  constructor(options: EventStreamOptions) {
    this.#options = { intervalMs: 250, maxClients: 16, maxUnreadBytes: 1024 * 1024, ...options };
    this.#timer = setInterval(() => this.publish(), this.#options.intervalMs);
    this.#timer.unref();
  }

  get clients(): number {
    return this.#clients.size;
  }

  /**
   * Answers with a stream that lasts until either side ends it.
   *
   * @throws {ConsoleFull}
   */
  add(response: ServerResponse): void {
    const { maxClients } = this.#options;
    if (this.#clients.size >= maxClients) throw new ConsoleFull(maxClients);
    if (this.#clients.size === 0) this.#cursor = new Map();
    const client: Client = { response, missed: 0 };
    response.on('close', () => this.#clients.delete(client));
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    response.write(`retry: ${RETRY_MS}\n\n${this.#snapshot()}`);
    this.#clients.add(client);
  }

  /** Takes note of the time and sends what is new. Called by its own timer. */
  publish(): void {
    const { view, maxUnreadBytes } = this.#options;
    view.tick();
    if (this.#clients.size === 0) return;
    // Moves the cursor even where everyone gets a snapshot: no later frame may be larger than one interval's news.
    const delta = Buffer.from(message('delta', view.frame(this.#cursor)));
    let snapshot: Buffer | undefined;
    for (const client of this.#clients) {
      const { response } = client;
      if (response.writableLength > (client.missed === 0 ? maxUnreadBytes : 0)) {
        client.missed += 1;
        if (client.missed > MAX_MISSED) response.destroy();
      } else if (client.missed > 0) {
        snapshot ??= Buffer.from(this.#snapshot());
        client.missed = 0;
        response.write(snapshot);
      } else {
        response.write(delta);
      }
    }
  }

  /** Ends every connection. */
  close(): void {
    clearInterval(this.#timer);
    for (const { response } of this.#clients) response.end();
  }

  #snapshot(): string {
    return message('snapshot', this.#options.view.frame(new Map()));
  }
}

const message = (event: string, data: unknown): string =>
  `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
