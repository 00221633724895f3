import type { EventLog } from '../eventlog/event-log.ts';
import type { Clock } from '../runtime/clock.ts';
import { StreamTaken } from './errors.ts';

/** A look reaches the broker, so there is not one for each append. What comes twice meanwhile is told by its position. */
const LOOK_EVERY_MS = 1000;

/**
 * The claim of a collector on its stream: a record in the log, of which the newest counts. A collector that stood still while another was started in its
 * place learns of that before it appends anything that it had not begun to.
 */
export class StreamClaim {
  readonly #log: EventLog;
  readonly #topic: string;
  readonly #stream: string;
  readonly #partition: number;
  readonly #clock: Clock;
  /** Records before this offset have been looked at. */
  #lookedTo: number;
  #lookedMs: number;

  private constructor(
    log: EventLog,
    topic: string,
    stream: string,
    { partition, offset }: { readonly partition: number; readonly offset: number },
    clock: Clock,
  ) {
    this.#log = log;
    this.#topic = topic;
    this.#stream = stream;
    this.#partition = partition;
    this.#clock = clock;
    this.#lookedTo = offset + 1;
    this.#lookedMs = clock.monotonicMs();
  }

  /** Claims the stream, from whoever has it. @param topic - A compacted one. */
  static async take(log: EventLog, topic: string, stream: string, clock: Clock): Promise<StreamClaim> {
    const record = { key: keyOf(stream), value: new Uint8Array(), timestampUs: clock.nowUs() };
    const [place] = await log.append(topic, [record]);
    return new StreamClaim(log, topic, stream, place!, clock);
  }

  /** To be called before each append; looks from time to time. @throws {StreamTaken} There is a newer claim. */
  async check(): Promise<void> {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#lookedMs < LOOK_EVERY_MS) return;
    for await (const { key, offset } of this.#log.read(this.#topic, this.#partition, this.#lookedTo)) {
      if (key === keyOf(this.#stream)) throw new StreamTaken(this.#stream);
      this.#lookedTo = offset + 1;
    }
    this.#lookedMs = nowMs;
  }
}

const keyOf = (stream: string): string => `collector/${stream}/claim`;
