import { z } from 'zod';

import { listenSection, logSection, secret, tracingSection } from '../settings.ts';

const name = z.string().min(1);

const isCaUsed = ({
  tls,
  caFile,
}: {
  readonly tls: boolean;
  readonly caFile?: string | undefined;
}): boolean => tls || caFile === undefined;
const caNeedsTls = { path: ['caFile'], message: 'must be absent unless tls is true' };

/** How a process reaches the event log. */
export const kafkaSchema = z
  .strictObject({
    brokers: z
      .array(name)
      .min(1, 'must name one broker at least, `host:port`')
      .describe('`host:port` of one broker at least'),
    tls: z.boolean().default(false).describe('Encrypt the connections'),
    caFile: name.optional().describe('PEM file of the authorities to trust, instead of the system'),
    mechanism: z
      .enum(['none', 'scram-sha-256', 'scram-sha-512'])
      .default('none')
      .describe('How to log in, SASL'),
    username: z.string().default(''),
    password: secret,
    partitions: z.int().positive().max(1000).default(12).describe('Of each topic; fixed once made'),
    replicas: z.int().positive().max(9).default(1).describe('Copies of each partition'),
    minInSyncReplicas: z
      .int()
      .positive()
      .max(9)
      .default(1)
      .describe('Copies that must have a record before it counts as written'),
    retentionRecords: z
      .int()
      .positive()
      .default(10_000_000)
      .describe('Records of a partition that may be counted on'),
    sessionTimeoutMs: z
      .int()
      .min(500)
      .max(300_000)
      .default(10_000)
      .describe('Silence after which a process loses its partitions to others; brokers bound it too'),
    paceMs: z
      .int()
      .min(0)
      .max(1000)
      .default(10)
      .describe(
        'Least time between two rounds of appends, and between two reads from one broker; the first after a pause goes at once',
      ),
  })
  .refine(({ replicas, minInSyncReplicas }) => minInSyncReplicas <= replicas, {
    path: ['minInSyncReplicas'],
    message: 'must be at most kafka.replicas, or nothing could be written',
  })
  .refine(
    ({ mechanism, username, password }) => mechanism === 'none' || (username !== '' && password !== ''),
    {
      path: ['mechanism'],
      message: 'must be none unless kafka.username and kafka.password are given',
    },
  )
  .refine(
    ({ mechanism, username, password }) => mechanism !== 'none' || (username === '' && password === ''),
    {
      path: ['mechanism'],
      message: 'must say how kafka.username and kafka.password log in',
    },
  )
  .refine(isCaUsed, caNeedsTls);

/** How often a process keeps its state in the log. */
export const snapshotsSchema = z
  .strictObject({
    everyRecords: z
      .int()
      .positive()
      .max(10_000_000)
      .default(20_000)
      .describe('Records between two snapshots of the state: what a start reads again at most'),
  })
  .prefault({});

/** How a process reaches the online store. */
export const redisSchema = z
  .strictObject({
    mode: z
      .enum(['none', 'single', 'sentinel', 'cluster'])
      .default('none')
      .describe('`none` keeps features in the memory of the process, for nobody else'),
    addresses: z
      .array(name)
      .default([])
      .describe('`host:port` of the server, or of one sentinel or cluster node at least'),
    primaryName: name.default('mymaster').describe('Name under which the sentinels watch the primary'),
    tls: z.boolean().default(false).describe('Encrypt the connections'),
    caFile: name.optional().describe('PEM file of the authorities to trust, instead of the system'),
    username: z.string().default('').describe('User of the access list; the default user where empty'),
    password: secret,
    sentinelPassword: secret,
    prefix: z
      .string()
      .regex(/^[^{}\s]+$/, 'must be without braces and spaces')
      .default('tradewind')
      .describe('First part of every key'),
    ttlSeconds: z
      .int()
      .positive()
      .max(31 * 86_400)
      .default(86_400)
      .describe('Features are gone this long after they were written'),
    connectTimeoutMs: z
      .int()
      .positive()
      .default(10_000)
      .describe('Time in which the store must be reached at start'),
    commandTimeoutMs: z.int().positive().default(500).describe('Time after which a read or write fails'),
  })
  .refine(({ mode, addresses }) => mode === 'none' || addresses.length > 0, {
    path: ['addresses'],
    message: 'must hold one address at least, unless redis.mode is none',
  })
  .refine(isCaUsed, caNeedsTls)
  .prefault({});

/** What every process has. */
export const processSchema = z.strictObject({ http: listenSection(8080), log: logSection });

/** What every process on the event log has. */
export const serviceSchema = processSchema.extend({ kafka: kafkaSchema, tracing: tracingSection });

export type RedisSection = z.infer<typeof redisSchema>;
export type KafkaSection = z.infer<typeof kafkaSchema>;
export type ProcessConfig = z.infer<typeof processSchema>;
export type ServiceConfig = z.infer<typeof serviceSchema>;
