/** A column of a test table: plain encoded, not compressed, no value absent. */
export type TestColumn =
  | { readonly type: 'double'; readonly values: readonly number[] }
  | {
      readonly type: 'int64' | 'timestamp-millis' | 'timestamp-micros';
      readonly values: readonly bigint[];
    }
  | { readonly type: 'text'; readonly values: readonly string[] };

const PHYSICAL = { int64: 2, 'timestamp-millis': 2, 'timestamp-micros': 2, double: 5, text: 6 } as const;
const CONVERTED = { text: 0, 'timestamp-millis': 9, 'timestamp-micros': 10 } as const;
const [I32, I64, BINARY, LIST, STRUCT] = [5, 6, 8, 9, 12] as const;

type Field = readonly [id: number, type: number, value: Uint8Array];

/**
 * A Parquet file of one row group, written by hand: no writer is among the dependencies.
 *
 * @see The Apache Parquet format and the Thrift compact protocol.
 */
export function parquetFile(columns: Readonly<Record<string, TestColumn>>): Uint8Array {
  const names = Object.keys(columns);
  const rows = columns[names[0]!]!.values.length;
  const parts: Uint8Array[] = [Buffer.from('PAR1')];
  const sizeOf = () => parts.reduce((sum, part) => sum + part.length, 0);
  const chunks = Object.entries(columns).map(([name, column]) => {
    const offset = sizeOf();
    const data = plain(column);
    const pageHeader = struct([
      ...[i32(1, 0), i32(2, data.length), i32(3, data.length)],
      [5, STRUCT, struct([i32(1, rows), i32(2, 0), i32(3, 3), i32(4, 3)])],
    ]);
    parts.push(pageHeader, data);
    const size = pageHeader.length + data.length;
    const path: Field = [3, LIST, list(BINARY, [binary(name)])];
    const metadata = struct([
      ...[i32(1, PHYSICAL[column.type]), [2, LIST, list(I32, [zigzag(0)])] as Field, path, i32(4, 0)],
      ...[i64(5, rows), i64(6, size), i64(7, size), i64(9, offset)],
    ]);
    return struct([i64(2, offset), [3, STRUCT, metadata]]);
  });
  const schema = [
    struct([[4, BINARY, binary('root')], i32(5, names.length)]),
    ...Object.entries(columns).map(element),
  ];
  const group = struct([[1, LIST, list(STRUCT, chunks)], i64(2, sizeOf()), i64(3, rows)]);
  const footer = struct([
    i32(1, 1),
    [2, LIST, list(STRUCT, schema)],
    i64(3, rows),
    [4, LIST, list(STRUCT, [group])],
  ]);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(footer.length);
  return Buffer.concat([...parts, footer, length, Buffer.from('PAR1')]);
}

function element([name, { type }]: readonly [string, TestColumn]): Uint8Array {
  const converted = type in CONVERTED ? [i32(6, CONVERTED[type as keyof typeof CONVERTED])] : [];
  return struct([i32(1, PHYSICAL[type]), i32(3, 0), [4, BINARY, binary(name)], ...converted]);
}

function plain(column: TestColumn): Uint8Array {
  if (column.type === 'double') return Buffer.from(Float64Array.from(column.values).buffer);
  if (column.type !== 'text') return Buffer.from(BigInt64Array.from(column.values).buffer);
  const texts = column.values.map((value) => {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(Buffer.byteLength(value));
    return Buffer.concat([length, Buffer.from(value)]);
  });
  return Buffer.concat(texts);
}

const i32 = (id: number, value: number): Field => [id, I32, zigzag(value)];
const i64 = (id: number, value: number): Field => [id, I64, zigzag(value)];

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Uint8Array.from([...bytes, rest]);
}

const zigzag = (value: number): Uint8Array => varint(value * 2);

const binary = (text: string): Uint8Array =>
  Buffer.concat([varint(Buffer.byteLength(text)), Buffer.from(text)]);

function list(type: number, items: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat([Uint8Array.of(items.length * 16 + type), ...items]);
}

/** Fields with growing ids, at most 15 apart. */
function struct(fields: readonly Field[]): Uint8Array {
  let last = 0;
  const parts = fields.map(([id, type, value]) => {
    const head = Uint8Array.of((id - last) * 16 + type);
    last = id;
    return Buffer.concat([head, value]);
  });
  return Buffer.concat([...parts, Uint8Array.of(0)]);
}
