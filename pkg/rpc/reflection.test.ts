import { fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ServerReflection,
  type ServerReflectionRequest,
} from '../../proto/gen/grpc/reflection/v1/reflection_pb.ts';
import { ServerReflection as ServerReflectionAlpha } from '../../proto/gen/grpc/reflection/v1alpha/reflection_pb.ts';
import { createRpcClient } from './client.ts';
import { createRpcServer } from './server.ts';

const server = createRpcServer({ port: 0 });
let address = '';
beforeAll(async () => {
  address = `127.0.0.1:${await server.start()}`;
});
afterAll(() => server.stop(1000));

async function* once(messageRequest: ServerReflectionRequest['messageRequest']) {
  yield { host: 'h', messageRequest };
}

describe.each([
  ['v1', ServerReflection],
  ['v1alpha', ServerReflectionAlpha],
] as const)('reflection %s', (_name, service) => {
  async function ask(messageRequest: ServerReflectionRequest['messageRequest']) {
    const client = createRpcClient(service as typeof ServerReflection, address);
    try {
      for await (const answer of client.call.serverReflectionInfo(once(messageRequest))) {
        expect(answer.originalRequest?.host).toBe('h');
        return answer.messageResponse;
      }
      throw new Error('a request must be answered');
    } finally {
      client.close();
    }
  }

  it('lists the services', async () => {
    const answer = await ask({ case: 'listServices', value: '' });
    const names = answer.case === 'listServicesResponse' ? answer.value.service.map(({ name }) => name) : [];
    expect(names).toEqual([
      'grpc.health.v1.Health',
      'grpc.reflection.v1.ServerReflection',
      'grpc.reflection.v1alpha.ServerReflection',
    ]);
  });

  it.each([
    ['fileContainingSymbol', 'grpc.health.v1.Health'],
    ['fileContainingSymbol', 'grpc.health.v1.Health.Check'],
    ['fileContainingSymbol', 'grpc.health.v1.HealthCheckResponse.ServingStatus'],
    ['fileByFilename', 'grpc/health/v1/health.proto'],
  ] as const)('gives the file for %s %s', async (kind, value) => {
    const answer = await ask({ case: kind, value });
    const files = answer.case === 'fileDescriptorResponse' ? answer.value.fileDescriptorProto : [];
    const names = files.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes).name);
    expect(names).toEqual(['grpc/health/v1/health.proto']);
  });

  it.each(['fileContainingSymbol', 'fileByFilename', 'allExtensionNumbersOfType'] as const)(
    'says in-band that %s is not known',
    async (kind) => {
      expect(await ask({ case: kind, value: 'no.such' })).toMatchObject({
        case: 'errorResponse',
        value: { errorCode: 5 },
      });
    },
  );
});
