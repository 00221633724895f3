import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { eventually } from '../support/eventually.ts';
import { freePorts } from './ports.ts';
import { type RedisServer, startServer } from './redis.ts';

const FORM_TIMEOUT_MS = 20_000;
const SLOTS = 16_384;
const NODES = 3;
const SENTINELS = 3;
const QUORUM = 2;

/** Name under which the sentinels watch the primary. */
export const PRIMARY_NAME = 'mymaster';

/** A primary with a replica and three sentinels, which agree within half a second that a primary is gone. */
export interface RedisSentinels {
  /** `host:port` of each sentinel. */
  readonly addresses: readonly string[];
  /** The primary first, then the replica, as they were at the start. */
  readonly servers: readonly [RedisServer, RedisServer];
  readonly sentinels: readonly RedisServer[];
  stop(): Promise<void>;
}

/** Starts the set and resolves when every sentinel knows the replica and the others. */
export async function startSentinels(): Promise<RedisSentinels> {
  const folder = mkdtempSync(join(tmpdir(), 'tradewind-sentinel-'));
  const ports = await freePorts(2 + SENTINELS);
  const [primaryPort, replicaPort] = ports as [number, number];
  const quick = ['--repl-diskless-sync-delay', '0', '--repl-ping-replica-period', '1'];
  const primary = await startServer(primaryPort, folder, quick);
  const replica = await startServer(replicaPort, folder, [
    ...quick,
    '--replicaof',
    `127.0.0.1 ${primaryPort}`,
  ]);
  const sentinels = await Promise.all(
    ports.slice(2).map((port) => {
      // A sentinel rewrites its file, which must therefore exist; the server's own folder is made here for that.
      const home = join(folder, String(port));
      mkdirSync(home, { recursive: true });
      const file = join(home, 'sentinel.conf');
      writeFileSync(
        file,
        [
          `sentinel monitor ${PRIMARY_NAME} 127.0.0.1 ${primaryPort} ${QUORUM}`,
          `sentinel down-after-milliseconds ${PRIMARY_NAME} 500`,
          `sentinel failover-timeout ${PRIMARY_NAME} 1500`,
        ].join('\n'),
      );
      return startServer(port, folder, ['--sentinel'], undefined, file);
    }),
  );
  await eventually(async () => {
    for (const { admin } of sentinels) {
      const fields = (await admin.call('SENTINEL', 'MASTER', PRIMARY_NAME)) as string[];
      const of = (name: string): string | undefined => fields[fields.indexOf(name) + 1];
      if (of('num-slaves') !== '1' || of('num-other-sentinels') !== String(SENTINELS - 1)) return false;
    }
    return (await replica.admin.info('replication')).includes('master_link_status:up');
  }, FORM_TIMEOUT_MS);
  return {
    addresses: sentinels.map(({ address }) => address),
    servers: [primary, replica],
    sentinels,
    stop: () => stopAll([...sentinels, replica, primary], folder),
  };
}

/** Three primaries that share the slots evenly. */
export interface RedisCluster {
  /** `host:port` of each node. */
  readonly addresses: readonly string[];
  readonly servers: readonly RedisServer[];
  stop(): Promise<void>;
}

/** Starts the cluster and resolves when every node serves all slots. */
export async function startCluster(): Promise<RedisCluster> {
  const folder = mkdtempSync(join(tmpdir(), 'tradewind-cluster-'));
  const ports = await freePorts(2 * NODES);
  const servers = await Promise.all(
    ports
      .slice(0, NODES)
      .map((port, at) =>
        startServer(port, folder, [
          ...['--cluster-enabled', 'yes', '--cluster-node-timeout', '2000'],
          ...['--cluster-port', String(ports[NODES + at]), '--cluster-config-file', 'nodes.conf'],
        ]),
      ),
  );
  for (const [at, { admin }] of servers.entries()) {
    await admin.cluster('SET-CONFIG-EPOCH', at + 1);
    const share = Math.ceil(SLOTS / NODES);
    await admin.cluster('ADDSLOTSRANGE', at * share, Math.min((at + 1) * share, SLOTS) - 1);
    if (at > 0) await servers[0]!.admin.call('CLUSTER', 'MEET', '127.0.0.1', ports[at]!, ports[NODES + at]!);
  }
  await eventually(async () => {
    for (const { admin } of servers) {
      const state = await admin.cluster('INFO');
      if (!state.includes('cluster_state:ok') || !state.includes(`cluster_size:${NODES}`)) return false;
    }
    return true;
  }, FORM_TIMEOUT_MS);
  return {
    addresses: servers.map(({ address }) => address),
    servers,
    stop: () => stopAll(servers, folder),
  };
}

async function stopAll(servers: readonly RedisServer[], folder: string): Promise<void> {
  await Promise.all(servers.map((server) => server.stop()));
  rmSync(folder, { recursive: true, force: true });
}
