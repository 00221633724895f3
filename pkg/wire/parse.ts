import { type DescMessage, fromBinary, type MessageShape } from '@bufbuild/protobuf';

import { PoisonMessage } from './errors.ts';

/** The message behind the bytes; fields that this version does not know are passed over. @throws {PoisonMessage} */
export function parseMessage<S extends DescMessage>(schema: S, bytes: Uint8Array): MessageShape<S> {
  try {
    return fromBinary(schema, bytes);
  } catch (error) {
    throw new PoisonMessage(schema.typeName, 'the bytes cannot be read as one', error);
  }
}
