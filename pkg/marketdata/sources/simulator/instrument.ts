import { createRandom, type Random } from '../../../runtime/random.ts';
import type { MarketEvent, Side } from '../../events.ts';

/** Price at the start and size of a price step, quote currency. */
interface Contract {
  readonly price: number;
  readonly tick: number;
  /** Mean size at the best price, units. */
  readonly depth: number;
}

const CONTRACTS: Readonly<Record<string, Contract>> = {
  ES: { price: 5500, tick: 0.25, depth: 60 },
  NQ: { price: 19_000, tick: 0.25, depth: 8 },
  YM: { price: 40_000, tick: 1, depth: 10 },
  RTY: { price: 2100, tick: 0.1, depth: 20 },
};
const OTHER: Contract = { price: 100, tick: 0.01, depth: 50 };

/** Standard deviation of the log price per square-root second: 15 % a year of 252 days of 6.5 hours. */
const VOLATILITY = 0.15 / Math.sqrt(252 * 6.5 * 3600);
/** Order-flow pressure is an Ornstein-Uhlenbeck process of unit variance; seconds until half of it is gone. */
const PRESSURE_HALF_LIFE_SECONDS = 15;
/**
 * The predictable part: the log price drifts by this times pressure times volatility per second. At a horizon of 5 s the
 * drift explains about 1 % of the variance of the return; the rest is noise.
 */
const DRIFT = 0.09;
/** Volatility in each regime, against the mean, and the mean time spent in one. */
const REGIMES: readonly number[] = [0.7, 1, 1.8];
const REGIME_SECONDS = 600;
const SECONDS_PER_DAY = 86_400;

/** Faults to mix in, each as a share of ticks in [0, 1]. */
export interface SimulatorFaults {
  /** Ticks delivered after the engine's usual lateness has passed. */
  readonly late?: number;
  readonly duplicate?: number;
  /** Ticks with a crossed book, a negative size, or a price far off. */
  readonly bad?: number;
  /** Mean halts per hour, each 10 to 60 s without ticks. */
  readonly haltsPerHour?: number;
}

export interface InstrumentSettings {
  readonly symbol: string;
  readonly seed: number;
  readonly ticksPerSecond: number;
  readonly startTimeUs: number;
  readonly faults: SimulatorFaults;
}

/** One simulated instrument: each call of `next` gives its next event. */
export class Instrument {
  readonly symbol: string;
  readonly #settings: InstrumentSettings;
  readonly #contract: Contract;
  readonly #random: Random;
  #timeUs: number;
  #logPrice: number;
  #pressure = 0;
  #regime = 1;
  /** Newest sequence of each stream. */
  readonly #sequences = { quote: 0, trade: 0, heartbeat: 0 };
  #haltUntilUs = 0;
  #again: MarketEvent | undefined;

  constructor(settings: InstrumentSettings) {
    this.symbol = settings.symbol;
    this.#settings = settings;
    this.#contract = CONTRACTS[settings.symbol] ?? OTHER;
    this.#random = createRandom(settings.seed, settings.symbol);
    this.#timeUs = settings.startTimeUs;
    this.#logPrice = Math.log(this.#contract.price);
    this.#advance();
  }

  /** Time of the next event, UTC microseconds. */
  get nextTimeUs(): number {
    return this.#timeUs;
  }

  next(): MarketEvent {
    if (this.#again !== undefined) {
      const event = this.#again;
      this.#again = undefined;
      return event;
    }
    const event = this.#isHalted() ? this.#heartbeat() : this.#withFault(this.#tick());
    this.#advance();
    return event;
  }

  #isHalted(): boolean {
    return this.#timeUs < this.#haltUntilUs;
  }

  /** Moves the price and the time on to the next event. */
  #advance(): void {
    const random = this.#random;
    if (this.#isHalted()) {
      this.#timeUs += 1_000_000;
      return;
    }
    const seconds = random.exponential() / (this.#settings.ticksPerSecond * this.#activity());
    this.#timeUs += Math.max(1, Math.round(seconds * 1e6));
    const keep = 0.5 ** (seconds / PRESSURE_HALF_LIFE_SECONDS);
    this.#pressure = this.#pressure * keep + Math.sqrt(1 - keep * keep) * random.normal();
    if (random.uniform() < seconds / REGIME_SECONDS)
      this.#regime = Math.floor(random.uniform() * REGIMES.length);
    const sigma = VOLATILITY * REGIMES[this.#regime]! * Math.sqrt(this.#activity());
    this.#logPrice += sigma * (DRIFT * this.#pressure * seconds + Math.sqrt(seconds) * random.normal());
    const { haltsPerHour = 0 } = this.#settings.faults;
    if (haltsPerHour > 0 && random.uniform() < (seconds * haltsPerHour) / 3600) {
      this.#haltUntilUs = this.#timeUs + Math.round((10 + 50 * random.uniform()) * 1e6);
    }
  }

  /** Activity over the day, mean 1: high at both ends, low in between (the well-known U shape). */
  #activity(): number {
    const day = ((this.#timeUs / 1e6) % SECONDS_PER_DAY) / SECONDS_PER_DAY;
    return 0.75 + 0.75 * (2 * day - 1) ** 2;
  }

  #tick(): MarketEvent {
    const { tick, depth } = this.#contract;
    const random = this.#random;
    const price = Math.exp(this.#logPrice);
    const bidPrice = round(Math.floor(price / tick) * tick);
    const spread = random.uniform() < 0.9 ? 1 : 2;
    const askPrice = round(bidPrice + spread * tick);
    // Queues lean with the pressure: buyers wait on the bid, sellers thin out on the ask.
    const lean = Math.tanh(0.6 * this.#pressure);
    if (random.uniform() < 0.65) {
      const bidSize = queue(depth * (1 + 0.7 * lean), random);
      const askSize = queue(depth * (1 - 0.7 * lean), random);
      return { kind: 'quote', ...this.#base('quote'), bidPrice, bidSize, askPrice, askSize };
    }
    const side: Side = random.uniform() < 0.5 * (1 + 0.5 * lean) ? 'buy' : 'sell';
    const size = 1 + Math.floor(random.exponential() * Math.max(1, depth / 12));
    return { kind: 'trade', ...this.#base('trade'), price: side === 'buy' ? askPrice : bidPrice, size, side };
  }

  #heartbeat(): MarketEvent {
    return { kind: 'heartbeat', ...this.#base('heartbeat') };
  }

  #base(stream: 'quote' | 'trade' | 'heartbeat') {
    this.#sequences[stream] += 1;
    return {
      source: `simulator.${stream}`,
      symbol: this.symbol,
      sequence: this.#sequences[stream],
      eventTimeUs: this.#timeUs,
      receiveTimeUs: this.#timeUs + 500,
    };
  }

  #withFault(event: MarketEvent): MarketEvent {
    const { late = 0, duplicate = 0, bad = 0 } = this.#settings.faults;
    if (late + duplicate + bad === 0) return event;
    const draw = this.#random.uniform();
    if (draw < late) return { ...event, eventTimeUs: event.eventTimeUs - 2_000_000 };
    if (draw < late + duplicate) {
      this.#again = event;
      return event;
    }
    return draw < late + duplicate + bad ? spoil(event, this.#random) : event;
  }
}

/** Removes the binary dust of `n * tick`: prices are decimal. */
function round(price: number): number {
  return Math.round(price * 1e6) / 1e6;
}

function queue(mean: number, random: Random): number {
  return 1 + Math.floor(mean * (0.5 + random.uniform()));
}

function spoil(event: MarketEvent, random: Random): MarketEvent {
  if (event.kind === 'quote') {
    return random.uniform() < 0.5 ? { ...event, bidPrice: event.askPrice * 1.01 } : { ...event, bidSize: -1 };
  }
  return event.kind === 'trade' ? { ...event, price: event.price * 3 } : event;
}
