/** Datatypes of the Open Inference Protocol v2. */
export type TensorDatatype =
  | 'BOOL'
  | 'UINT8'
  | 'UINT16'
  | 'UINT32'
  | 'UINT64'
  | 'INT8'
  | 'INT16'
  | 'INT32'
  | 'INT64'
  | 'FP16'
  | 'FP32'
  | 'FP64'
  | 'BYTES';

/** Elements of a tensor: the typed array of its datatype (FP16 as raw Uint16Array), or strings for BYTES. */
export type TensorData =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array
  | readonly string[];

/** A named tensor, row-major. */
export interface Tensor {
  readonly name: string;
  readonly datatype: TensorDatatype;
  readonly shape: readonly number[];
  readonly data: TensorData;
}

/** Name, datatype and shape of an input or output; -1 marks a dimension that may vary. */
export interface TensorSignature {
  readonly name: string;
  readonly datatype: TensorDatatype;
  readonly shape: readonly number[];
}

/** One model revision ready to serve, whatever its graph. */
export interface ServedModel {
  readonly name: string;
  readonly version: string;
  /** `sha256:<hex>` of manifest.json, or of the .onnx file where there is no manifest. */
  readonly digest: string;
  readonly inputs: readonly TensorSignature[];
  readonly outputs: readonly TensorSignature[];
  /**
   * Runs the model on whole tensors, a request by itself; rows are batched by {@link inferRows}.
   *
   * @param inputs - One tensor per input of the signature.
   * @param outputNames - Outputs wanted; all where absent.
   * @param expiresMs - Time on the monotonic clock from which on the request need not be run (RequestExpired); never by default.
   */
  infer(
    inputs: readonly Tensor[],
    outputNames?: readonly string[],
    expiresMs?: number,
  ): Promise<readonly Tensor[]>;
  /**
   * Lean path for a model with one FP32 input of shape [-1, f]: rows in, one FP32 array per output, in the order of
   * the signature. Absent where the graph has another form. Calls `done` once, without a promise in between.
   *
   * @param features - Row-major, shape [rows, f]; must not be changed until `done` is called.
   * @param expiresMs - Time on the monotonic clock from which on the request need not be run (RequestExpired); never by default.
   * @param onRun - Told when the rows leave the queue, with the number of those that run together.
   */
  inferRows?(
    features: Float32Array,
    rows: number,
    done: (error: Error | undefined, outputs: readonly Float32Array[]) => void,
    expiresMs?: number,
    onRun?: (batchRows: number) => void,
  ): void;
}

/** Load state of a model, in the words of the Open Inference Protocol. */
export interface ModelIndexEntry {
  readonly name: string;
  readonly version: string;
  readonly state: 'UNKNOWN' | 'READY' | 'UNAVAILABLE' | 'LOADING' | 'UNLOADING';
  /** Why it is not ready; empty when it is. */
  readonly reason: string;
}

/** The models of one server. Loading a newer revision under a served name swaps it in with no failed request. */
export interface ModelRepository {
  /** @returns The revision that serves now, or `undefined`. An empty `version` means the newest. */
  get(name: string, version?: string): ServedModel | undefined;
  index(): readonly ModelIndexEntry[];
  /** Fetches, verifies, inspects, loads and warms up; then swaps. Throws and leaves the old revision on any failure. */
  load(name: string): Promise<void>;
  /** Stops serving once requests in flight are answered. */
  unload(name: string): Promise<void>;
}
