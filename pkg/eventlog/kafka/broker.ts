import type { KafkaMessage, Message } from 'kafkajs';

/** A record as a fetch gives it, with the batch that it lies in. */
export type FetchedMessage = KafkaMessage & {
  readonly isControlRecord: boolean;
  readonly batchContext: { readonly firstOffset: string; readonly lastOffsetDelta: number };
};

export interface FetchedPartition {
  readonly partition: number;
  readonly highWatermark: string;
  /** End for readers of committed transactions. */
  readonly lastStableOffset: string;
  readonly messages: readonly FetchedMessage[];
}

export interface GroupIdentity {
  readonly groupId: string;
  readonly memberId: string;
}

interface PerTopic<T> {
  readonly topic: string;
  readonly partitions: readonly T[];
}

/** Requests of the Kafka protocol that kafkajs can encode, as far as the adapter uses them; its own types leave some out. */
export interface Broker {
  readonly nodeId: number | string;
  initProducerId(request: {
    readonly transactionalId: undefined;
    readonly transactionTimeout: number;
  }): Promise<{ readonly producerId: string; readonly producerEpoch: number }>;
  /** @throws The error of one of the partitions, if any has one; the others may have been written. */
  produce(request: {
    readonly producerId: string;
    readonly producerEpoch: number;
    readonly acks: -1;
    readonly timeout: number;
    readonly topicData: readonly PerTopic<{
      readonly partition: number;
      readonly firstSequence: number;
      readonly messages: readonly Message[];
    }>[];
  }): Promise<{
    readonly topics: readonly {
      readonly topicName: string;
      readonly partitions: readonly { readonly partition: number; readonly baseOffset: string }[];
    }[];
  }>;
  /** @throws The error of one of the partitions, if any has one; what the others gave is lost. */
  fetch(request: {
    readonly maxWaitTime: number;
    readonly minBytes: number;
    readonly maxBytes: number;
    readonly topics: readonly PerTopic<{
      readonly partition: number;
      readonly fetchOffset: string;
      readonly maxBytes: number;
    }>[];
  }): Promise<{
    readonly responses: readonly {
      readonly topicName: string;
      readonly partitions: readonly FetchedPartition[];
    }[];
  }>;
  /** @param request - Timestamp -2 asks for the oldest offset, -1 for the end. */
  listOffsets(request: {
    readonly topics: readonly PerTopic<{ readonly partition: number; readonly timestamp: number }>[];
  }): Promise<{
    readonly responses: readonly PerTopic<{ readonly partition: number; readonly offset: string }>[];
  }>;
  joinGroup(
    request: GroupIdentity & {
      readonly sessionTimeout: number;
      readonly rebalanceTimeout: number;
      readonly groupProtocols: readonly { readonly name: string; readonly metadata: Buffer }[];
    },
  ): Promise<{
    readonly generationId: number;
    readonly leaderId: string;
    readonly memberId: string;
    readonly members: readonly { readonly memberId: string; readonly memberMetadata: Buffer }[];
  }>;
  syncGroup(
    request: GroupIdentity & {
      readonly generationId: number;
      readonly groupAssignment: readonly { readonly memberId: string; readonly memberAssignment: Buffer }[];
    },
  ): Promise<{ readonly memberAssignment: Buffer }>;
  heartbeat(request: GroupIdentity & { readonly groupGenerationId: number }): Promise<unknown>;
  leaveGroup(request: GroupIdentity): Promise<unknown>;
  offsetCommit(
    request: GroupIdentity & {
      readonly groupGenerationId: number;
      readonly topics: readonly PerTopic<{
        readonly partition: number;
        readonly offset: string;
        readonly metadata?: string;
      }>[];
    },
  ): Promise<unknown>;
  offsetFetch(request: {
    readonly groupId: string;
    readonly topics: readonly PerTopic<{ readonly partition: number }>[];
  }): Promise<{
    readonly responses: readonly PerTopic<{
      readonly partition: number;
      readonly offset: string;
      readonly metadata: string | null;
    }>[];
  }>;
  /** @param request - Type 2 is a topic. */
  describeConfigs(request: {
    readonly resources: readonly {
      readonly type: 2;
      readonly name: string;
      readonly configNames: readonly string[];
    }[];
  }): Promise<{
    readonly resources: readonly {
      readonly resourceName: string;
      readonly configEntries: readonly { readonly configName: string; readonly configValue: string }[];
    }[];
  }>;
  /** Groups that this broker coordinates. */
  listGroups(): Promise<{ readonly groups: readonly { readonly groupId: string }[] }>;
  /** @returns A group that is not there in state `Dead`. */
  describeGroups(request: { readonly groupIds: readonly string[] }): Promise<{
    readonly groups: readonly {
      readonly state: string;
      readonly protocolType: string;
      readonly members: readonly {
        readonly memberId: string;
        readonly clientId: string;
        readonly clientHost: string;
        readonly memberAssignment: Buffer;
      }[];
    }[];
  }>;
}
