import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';

import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';

/** A span as it was sent. */
export interface ReceivedSpan {
  /** `service.name` of the process that sent it. */
  readonly service: string;
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for the first of a trace. */
  readonly parentId: string;
  readonly name: string;
  readonly kind: 'internal' | 'server' | 'client' | 'producer' | 'consumer' | 'unset';
  readonly startUs: number;
  readonly endUs: number;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  readonly hasFailed: boolean;
}

const KINDS = ['unset', 'internal', 'server', 'client', 'producer', 'consumer'] as const;
const ERROR_STATUS = 2;

/** What becomes of requests: answered well, refused with a status, or never answered. */
export type ReceiverMood = 'well' | number | 'hanging';

/** A receiver of traces by OTLP over HTTP with protobuf: the backend of tests, with a reader of its own. */
export class OtlpReceiver {
  mood: ReceiverMood = 'well';
  readonly spans: ReceivedSpan[] = [];
  requests = 0;
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  /** Starts it on a free port, or on one that was free a while ago. */
  static async start(port = 0): Promise<OtlpReceiver> {
    const receiver = new OtlpReceiver();
    await new Promise<void>((resolve) => receiver.#server.listen(port, '127.0.0.1', resolve));
    return receiver;
  }

  /** Base address, as `OTEL_EXPORTER_OTLP_ENDPOINT` names it. */
  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Spans of each trace, in the order of their beginnings. */
  get traces(): ReadonlyMap<string, readonly ReceivedSpan[]> {
    return Map.groupBy(
      this.spans.toSorted((a, b) => a.startUs - b.startUs),
      ({ traceId }) => traceId,
    );
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.requests += 1;
    const sent = await buffer(request);
    if (this.mood === 'hanging') return;
    const isRight =
      request.method === 'POST' &&
      request.url === '/v1/traces' &&
      request.headers['content-type'] === 'application/x-protobuf';
    const status = this.mood === 'well' ? (isRight ? 200 : 400) : this.mood;
    if (status === 200)
      this.spans.push(...readSpans(request.headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent));
    response.writeHead(status, { 'content-type': 'application/x-protobuf' }).end();
  }
}

/** Reads an ExportTraceServiceRequest. @see opentelemetry-proto, collector/trace/v1 and trace/v1 */
export function readSpans(bytes: Uint8Array): ReceivedSpan[] {
  return messages(bytes, 1).flatMap((resourceSpans) => {
    const [resource] = messages(resourceSpans, 1);
    const service = resource === undefined ? '' : String(attributesOf(messages(resource, 1))['service.name']);
    return messages(resourceSpans, 2)
      .flatMap((scopeSpans) => messages(scopeSpans, 2))
      .map((span) => readSpan(span, service));
  });
}

function readSpan(bytes: Uint8Array, service: string): ReceivedSpan {
  const hex = (field: number): string => Buffer.from(messages(bytes, field)[0] ?? []).toString('hex');
  const fields = fieldsOf(bytes);
  const [status] = messages(bytes, 15);
  const us = (field: number): number => Number((fields.get(field)?.[0] as bigint) / 1000n);
  return {
    service,
    traceId: hex(1),
    spanId: hex(2),
    parentId: hex(4),
    name: Buffer.from(messages(bytes, 5)[0] ?? []).toString(),
    kind: KINDS[Number(fields.get(6)?.[0] ?? 0)]!,
    startUs: us(7),
    endUs: us(8),
    attributes: attributesOf(messages(bytes, 9)),
    hasFailed: status !== undefined && Number(fieldsOf(status).get(3)?.[0] ?? 0) === ERROR_STATUS,
  };
}

function attributesOf(pairs: readonly Uint8Array[]): Record<string, string | number | boolean> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const [key] = messages(pair, 1);
      const [value] = messages(pair, 2);
      return [Buffer.from(key ?? []).toString(), valueOf(value ?? new Uint8Array())];
    }),
  );
}

function valueOf(bytes: Uint8Array): string | number | boolean {
  const [[field, [value]] = [1, [new Uint8Array()]]] = [...fieldsOf(bytes)] as [number, unknown[]][];
  if (field === 1) return Buffer.from(value as Uint8Array).toString();
  if (field === 2) return value !== 0n;
  if (field === 3) return Number(BigInt.asIntN(64, value as bigint));
  return new DataView(new BigUint64Array([value as bigint]).buffer).getFloat64(0, true);
}

/** Length-delimited values of a field, in order. */
const messages = (bytes: Uint8Array, field: number): readonly Uint8Array[] =>
  (fieldsOf(bytes).get(field) ?? []) as Uint8Array[];

/** Fields of a message: numbers as bigint, everything else as bytes. */
function fieldsOf(bytes: Uint8Array): ReadonlyMap<number, (bigint | Uint8Array)[]> {
  const fields = new Map<number, (bigint | Uint8Array)[]>();
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    const values = fields.get(field) ?? [];
    fields.set(field, values);
    if (type === WireType.Varint) values.push(BigInt(reader.uint64()));
    else if (type === WireType.Bit64) values.push(BigInt(reader.fixed64()));
    else if (type === WireType.LengthDelimited) values.push(reader.bytes());
    else reader.skip(type);
  }
  return fields;
}
