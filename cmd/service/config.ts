import { z } from 'zod';

import { listenSection, logSection } from '../settings.ts';

const name = z.string().min(1);

/** How a process reaches the event log. */
export const kafkaSchema = z.strictObject({
  brokers: z.array(name).min(1).describe('`host:port` of one broker at least'),
  tls: z.boolean().default(false).describe('Encrypt the connections'),
  caFile: name.optional().describe('PEM file of the authorities to trust, instead of the system'),
  mechanism: z
    .enum(['none', 'scram-sha-256', 'scram-sha-512'])
    .default('none')
    .describe('How to log in, SASL'),
  username: z.string().default(''),
  password: z.string().default(''),
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
});

/** What every process has. */
export const processSchema = z.strictObject({ http: listenSection(8080), log: logSection });

/** What every process on the event log has. */
export const serviceSchema = processSchema.extend({ kafka: kafkaSchema });

export type KafkaSection = z.infer<typeof kafkaSchema>;
export type ProcessConfig = z.infer<typeof processSchema>;
export type ServiceConfig = z.infer<typeof serviceSchema>;
