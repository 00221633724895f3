import { z } from 'zod';
import type { Tensor, TensorData, TensorDatatype } from '../served-model.ts';
import { RestRequestInvalid, TensorInvalid } from './errors.ts';
import type { InferAnswer, InferRequest } from './inference.ts';
import { dataFromNumbers, dataFromRaw, isStrings, parseDatatype, rawFromData } from './tensor-data.ts';

const BodySchema = z.object({
  id: z.string().optional(),
  parameters: z
    .looseObject({ binary_data_output: z.boolean().optional(), timeout: z.int().positive().optional() })
    .optional(),
  inputs: z.array(
    z.object({
      name: z.string(),
      datatype: z.string(),
      shape: z.array(z.int().nonnegative()),
      parameters: z.looseObject({ binary_data_size: z.int().nonnegative().optional() }).optional(),
      data: z.array(z.unknown()).optional(),
    }),
  ),
  outputs: z
    .array(
      z.object({
        name: z.string(),
        parameters: z.looseObject({ binary_data: z.boolean().optional() }).optional(),
      }),
    )
    .optional(),
});

/** An inference request as JSON, with the rest of its body. */
export interface RestInferRequest {
  readonly body: z.infer<typeof BodySchema>;
  readonly binary: Buffer;
}

/** An inference answer by HTTP: JSON text, then the binary tensors, if any. */
export interface RestInferAnswer {
  readonly json: string;
  readonly binary: readonly Uint8Array[];
}

/**
 * Reads the body of an inference request.
 *
 * @param headerLength - Bytes of JSON before the binary tensors; the whole body where `undefined`.
 * @throws {RestRequestInvalid} No JSON, or a field is missing or of the wrong type.
 */
export function parseBody(bytes: Buffer, headerLength: number | undefined): RestInferRequest {
  const end = headerLength ?? bytes.length;
  if (!(end >= 0 && end <= bytes.length)) {
    throw new RestRequestInvalid('have a JSON part as long as Inference-Header-Content-Length says');
  }
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8', 0, end));
  } catch (cause) {
    throw new RestRequestInvalid('be JSON', cause);
  }
  const parsed = BodySchema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = issue?.path.join('.') ?? '';
    throw new RestRequestInvalid(`be an inference request: ${where}: ${issue?.message ?? ''}`, parsed.error);
  }
  return { body: parsed.data, binary: bytes.subarray(end) };
}

/** Parameter `timeout` of a request: microseconds that its caller waits; `undefined` where it does not say. */
export function timeoutUsOf({ body }: RestInferRequest): number | undefined {
  return body.parameters?.timeout;
}

/** The request in the words of the protocol. @throws {TensorInvalid} @throws {RestRequestInvalid} */
export function requestFromRest(
  model: string,
  version: string,
  { body, binary }: RestInferRequest,
): InferRequest {
  let at = 0;
  const inputs = body.inputs.map(({ name, datatype: given, shape, parameters, data }): Tensor => {
    const datatype = parseDatatype(name, given);
    const size = parameters?.binary_data_size;
    if ((size === undefined) === (data === undefined)) {
      throw new TensorInvalid(
        name,
        'have either data or binary_data_size',
        data === undefined ? 'none' : 'both',
      );
    }
    if (size === undefined) return { name, datatype, shape, data: dataFromJson(name, datatype, data ?? []) };
    const raw = binary.subarray(at, at + size);
    at += size;
    if (raw.length !== size) throw new TensorInvalid(name, `have ${size} binary bytes`, `${raw.length}`);
    return { name, datatype, shape, data: dataFromRaw(name, datatype, raw) };
  });
  if (at !== binary.length) {
    throw new RestRequestInvalid(`have as many binary bytes as its inputs say (${at}), had ${binary.length}`);
  }
  return {
    modelName: model,
    modelVersion: version,
    inputs,
    outputNames: body.outputs?.map((output) => output.name) ?? [],
  };
}

/** Writes an answer; each output is binary where the request asked for it (FP16 has no other form). */
export function restFromAnswer({ body }: RestInferRequest, { model, outputs }: InferAnswer): RestInferAnswer {
  const binary: Uint8Array[] = [];
  const wantsBinary = (name: string): boolean =>
    body.outputs?.find((output) => output.name === name)?.parameters?.binary_data ??
    body.parameters?.binary_data_output ??
    false;
  const tensors = outputs.map(({ name, datatype, shape, data }) => {
    const head = JSON.stringify({ name, datatype, shape }).slice(0, -1);
    if (!wantsBinary(name) && datatype !== 'FP16') return `${head},"data":${jsonFromData(datatype, data)}}`;
    const raw = rawFromData(data);
    binary.push(raw);
    return `${head},"parameters":{"binary_data_size":${raw.length}}}`;
  });
  const head = JSON.stringify({ model_name: model.name, model_version: model.version, id: body.id }).slice(
    0,
    -1,
  );
  return { json: `${head},"outputs":[${tensors.join(',')}]}`, binary };
}

/** Depth to which data may be nested: more dimensions than any tensor has, and few enough for the stack. */
const MAX_DEPTH = 32;

/** JSON has no NaN: null is read as NaN, which means missing. */
function dataFromJson(tensor: string, datatype: TensorDatatype, nested: readonly unknown[]): TensorData {
  const values: readonly unknown[] = nested.flat(MAX_DEPTH);
  if (datatype === 'FP16') throw new TensorInvalid(tensor, 'travel as binary data (FP16)', 'JSON');
  if (datatype === 'BYTES') {
    return values.map((value) => {
      if (typeof value !== 'string') throw new TensorInvalid(tensor, 'hold strings (BYTES)', typeof value);
      return value;
    });
  }
  const isFloat = datatype === 'FP32' || datatype === 'FP64';
  const wanted = datatype === 'BOOL' ? 'boolean' : 'number';
  const numbers = values.map((value): number | boolean => {
    if (isFloat && value === null) return NaN;
    if (typeof value === wanted || typeof value === 'number') return value as number | boolean;
    throw new TensorInvalid(tensor, `hold ${wanted}s (${datatype})`, value === null ? 'null' : typeof value);
  });
  return dataFromNumbers(tensor, datatype, numbers);
}

/** Text by hand: JSON.stringify knows no 64-bit integers. What is not finite becomes null. */
function jsonFromData(datatype: TensorDatatype, data: TensorData): string {
  if (isStrings(data)) return JSON.stringify(data);
  const texts: string[] = [];
  for (const value of data) {
    if (datatype === 'BOOL') texts.push(value === 0 ? 'false' : 'true');
    else texts.push(typeof value === 'bigint' || Number.isFinite(value) ? String(value) : 'null');
  }
  return `[${texts.join(',')}]`;
}
