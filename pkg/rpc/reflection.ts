import { type DescFile, type DescMessage, type DescService, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { status as Code } from '@grpc/grpc-js';
import type {
  ServerReflection,
  ServerReflectionRequest,
} from '../../proto/gen/grpc/reflection/v1/reflection_pb.ts';
import type {
  ServerReflection as ServerReflectionAlpha,
  ServerReflectionRequest as ServerReflectionRequestAlpha,
} from '../../proto/gen/grpc/reflection/v1alpha/reflection_pb.ts';
import { file_grpc_status_status as statusFile } from '../../proto/gen/grpc/status/status_pb.ts';
import type { ServiceImplementation } from './service-types.ts';

type Request = ServerReflectionRequest | ServerReflectionRequestAlpha;

type Answer =
  | { readonly case: 'fileDescriptorResponse'; readonly value: { fileDescriptorProto: Uint8Array[] } }
  | { readonly case: 'allExtensionNumbersResponse'; readonly value: { baseTypeName: string } }
  | { readonly case: 'listServicesResponse'; readonly value: { service: { name: string }[] } }
  | { readonly case: 'errorResponse'; readonly value: { errorCode: number; errorMessage: string } };

/** Says what the services of a server look like, from the descriptors of their generated code. */
export class ReflectionIndex {
  readonly #services = new Set<string>();
  readonly #messages = new Set<string>();
  readonly #files = new Map<string, DescFile>();
  readonly #fileOfSymbol = new Map<string, DescFile>();

  constructor() {
    // No service names the details of an error; clients look them up here to show them.
    this.#addFile(statusFile);
  }

  /** Full names of the services. */
  get services(): readonly string[] {
    return [...this.#services].sort();
  }

  /** Makes a service and everything that its file imports known. */
  add(service: DescService): void {
    this.#services.add(service.typeName);
    this.#addFile(service.file);
  }

  /** The implementation of v1. */
  get v1(): ServiceImplementation<typeof ServerReflection> {
    return { serverReflectionInfo: (requests) => this.#answers(requests) };
  }

  /** The implementation of v1alpha, which older clients speak: the same messages under another package. */
  get v1alpha(): ServiceImplementation<typeof ServerReflectionAlpha> {
    return { serverReflectionInfo: (requests) => this.#answers(requests) };
  }

  async *#answers<R extends Request>(requests: AsyncIterable<R>) {
    for await (const request of requests) {
      yield {
        validHost: request.host,
        originalRequest: request,
        messageResponse: this.#answer(request.messageRequest),
      };
    }
  }

  #answer(request: Request['messageRequest']): Answer {
    switch (request.case) {
      case 'listServices':
        return {
          case: 'listServicesResponse',
          value: { service: this.services.map((name) => ({ name })) },
        };
      case 'fileByFilename':
        return answerFile(this.#files.get(request.value), request.value);
      case 'fileContainingSymbol':
        return answerFile(this.#fileOfSymbol.get(request.value), request.value);
      case 'allExtensionNumbersOfType':
        return this.#messages.has(request.value)
          ? { case: 'allExtensionNumbersResponse', value: { baseTypeName: request.value } }
          : notFound(request.value);
      case 'fileContainingExtension':
        return notFound(`${request.value.containingType} extension ${request.value.extensionNumber}`);
      default:
        return answerError(Code.INVALID_ARGUMENT, 'A request must name what is asked for');
    }
  }

  #addFile(file: DescFile): void {
    const name = fileName(file);
    if (this.#files.has(name)) return;
    this.#files.set(name, file);
    for (const service of file.services) {
      this.#fileOfSymbol.set(service.typeName, file);
      for (const method of service.methods)
        this.#fileOfSymbol.set(`${service.typeName}.${method.name}`, file);
    }
    for (const item of file.enums) this.#fileOfSymbol.set(item.typeName, file);
    for (const message of file.messages) this.#addMessage(message, file);
    for (const dependency of file.dependencies) this.#addFile(dependency);
  }

  #addMessage(message: DescMessage, file: DescFile): void {
    this.#messages.add(message.typeName);
    this.#fileOfSymbol.set(message.typeName, file);
    for (const field of message.fields) this.#fileOfSymbol.set(`${message.typeName}.${field.name}`, file);
    for (const nested of message.nestedEnums) this.#fileOfSymbol.set(nested.typeName, file);
    for (const nested of message.nestedMessages) this.#addMessage(nested, file);
  }
}

/** Name by which other files import this one. */
function fileName(file: DescFile): string {
  return file.proto.name;
}

/** The file and all that it imports, itself first: a client then needs no second question. */
function answerFile(file: DescFile | undefined, wanted: string): Answer {
  if (file === undefined) return notFound(wanted);
  const files = new Set([file]);
  // A set iterates over what is added to it on the way.
  for (const each of files) for (const dependency of each.dependencies) files.add(dependency);
  const bytes = [...files].map((each) => toBinary(FileDescriptorProtoSchema, each.proto));
  return { case: 'fileDescriptorResponse', value: { fileDescriptorProto: bytes } };
}

function notFound(wanted: string): Answer {
  return answerError(Code.NOT_FOUND, `Not known here: ${wanted}`);
}

function answerError(errorCode: Code, errorMessage: string): Answer {
  return { case: 'errorResponse', value: { errorCode, errorMessage } };
}
