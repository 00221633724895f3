import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { PredictorAddressInvalid } from './errors.ts';

/** A name or address and a port, as configured. */
interface Target {
  readonly host: string;
  readonly port: number;
}

/** Reads `host:port`; an IPv6 address stands in brackets. @throws {PredictorAddressInvalid} */
function parseTarget(text: string): Target {
  const [, bracketed, plain, port] = /^(?:\[([0-9A-Fa-f:.]+)\]|([^\s:/[\]]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined || Number(port) < 1 || Number(port) > 65_535)
    throw new PredictorAddressInvalid(text);
  return { host, port: Number(port) };
}

/** The one name that stands in all of the targets; `undefined` where one is an IP address, or there are several. @throws {PredictorAddressInvalid} */
export function onlyNameOf(targets: readonly string[]): string | undefined {
  const hosts = new Set(targets.map((target) => parseTarget(target).host));
  const [host] = hosts;
  return hosts.size === 1 && host !== undefined && isIP(host) === 0 ? host : undefined;
}

/** Gives the addresses of a name. */
export type LookupName = (host: string) => Promise<readonly string[]>;

/** By the system's resolver: IPv4 where the name has any, since both families would be the same servers twice. */
const lookupBySystem: LookupName = async (host) => {
  const all = await lookup(host, { all: true });
  const v4 = all.filter(({ family }) => family === 4);
  return (v4.length > 0 ? v4 : all).map(({ address }) => address);
};

/**
 * Follows the addresses behind names. A name that cannot be looked up keeps the addresses that it had: a resolver that is away
 * must not take servers away that are there.
 */
export class AddressBook {
  readonly #targets: readonly Target[];
  readonly #lookup: LookupName;
  readonly #known = new Map<Target, readonly string[]>();

  /** @throws {PredictorAddressInvalid} */
  constructor(targets: readonly string[], lookupName: LookupName = lookupBySystem) {
    this.#targets = targets.map(parseTarget);
    this.#lookup = lookupName;
  }

  /** @returns `ip:port` of all, each once. */
  async resolve(): Promise<readonly string[]> {
    await Promise.all(
      this.#targets.map(async (target) => {
        const { host } = target;
        const found = isIP(host) > 0 ? [host] : await this.#lookup(host).catch(() => undefined);
        if (found !== undefined) this.#known.set(target, found);
      }),
    );
    const addresses = this.#targets.flatMap((target) =>
      (this.#known.get(target) ?? []).map((ip) => (isIP(ip) === 6 ? `[${ip}]` : ip) + `:${target.port}`),
    );
    return [...new Set(addresses)];
  }

  /** Resolves now and then every `intervalMs`, until the signal aborts. @param onAddresses - Told each time. */
  async follow(
    intervalMs: number,
    signal: AbortSignal,
    onAddresses: (addresses: readonly string[]) => void,
  ): Promise<void> {
    while (!signal.aborted) {
      const addresses = await this.resolve();
      if (!signal.aborted) onAddresses(addresses);
      await sleep(intervalMs, undefined, { signal }).catch(() => undefined);
    }
  }
}
