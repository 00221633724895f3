import { lookup as systemLookup, type LookupAddress } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

import { AddressForbidden } from './errors.ts';

/** Link-local networks and the metadata service of EC2 over IPv6: what answers there tells a machine its secrets. */
const FORBIDDEN = new BlockList();
FORBIDDEN.addSubnet('169.254.0.0', 16);
FORBIDDEN.addSubnet('fe80::', 10, 'ipv6');
FORBIDDEN.addAddress('fd00:ec2::254', 'ipv6');

/** Whether an IP address is one that no artifact is fetched from; IPv4 within IPv6 is seen through. */
export function isForbidden(address: string): boolean {
  const family = isIP(address);
  return family !== 0 && FORBIDDEN.check(address, family === 6 ? 'ipv6' : 'ipv4');
}

/** @param host - Of an URL; a name is looked at when it is resolved. @throws {AddressForbidden} */
export function checkHost(host: string): void {
  const address = host.replace(/^\[(.*)\]$/, '$1');
  if (isForbidden(address)) throw new AddressForbidden(host, address);
}

/**
 * Looks names up as the system does, and refuses one that leads to a forbidden address. The check is on the very address that is
 * connected to: a name that is looked up twice may lead elsewhere the second time.
 */
export const guardedLookup: LookupFunction = (host, options, callback) => {
  systemLookup(host, { ...options, all: true }, (error, found) => {
    const addresses: readonly LookupAddress[] = found ?? [];
    const bad = addresses.find(({ address }) => isForbidden(address));
    if (error !== null) callback(error, []);
    else if (bad !== undefined) callback(new AddressForbidden(host, bad.address), []);
    else if (options.all === true) callback(null, [...addresses]);
    else callback(null, addresses[0]!.address, addresses[0]!.family);
  });
};
