import type { MessageInitShape } from '@bufbuild/protobuf';

import {
  type ExplainResponse,
  PredictionService,
  type PredictRequestSchema,
} from '../../../proto/gen/tradewind/v1/prediction_pb.ts';
import { predictionJson } from '../../../pkg/prediction/prediction-json.ts';
import { createRpcClient } from '../../../pkg/rpc/client.ts';
import { RpcFailed } from '../../../pkg/rpc/errors.ts';
import { readTlsFiles } from '../../../pkg/rpc/tls-files.ts';
import { type ClientTls, probeTls } from '../../../pkg/rpc/tls-probe.ts';
import type { TradewindError } from '../../../pkg/runtime/errors.ts';
import { predictionOf } from '../../../pkg/wire/prediction.ts';
import type { PredictFlags } from '../commands/predict.ts';
import { FeatureFileInvalid, FlagsInvalid, ServerUnreachable, ServerUnsuitable } from '../errors.ts';
import { columns, printJson } from '../output.ts';
import { readText } from '../read-text.ts';

/** gRPC status codes. */
const UNIMPLEMENTED = 12;
const UNAVAILABLE = 14;

type Request = MessageInitShape<typeof PredictRequestSchema>;

/** Asks a server for one prediction and prints it. */
export async function runPredict(flags: PredictFlags): Promise<void> {
  const request = await requestOf(flags);
  const tls = tlsOf(flags);
  const client = createRpcClient(PredictionService, flags.target, tls === undefined ? {} : { tls });
  const options = { deadlineMs: flags.timeout * 1000 };
  try {
    if (flags.explain === true)
      printExplanation(await client.call.explain({ request }, options), flags.json === true);
    else {
      const { prediction } = await client.call.predict(request, options);
      print(predictionJson(predictionOf(prediction!)), flags.json === true);
    }
  } catch (error) {
    throw (await whyNot(error, flags, tls)) ?? toldBy(error, flags.target);
  } finally {
    client.close();
  }
}

/** @throws {FlagsInvalid | FileUnreadable | TlsFileUnusable} */
function tlsOf({ tls, caFile, certFile, keyFile }: PredictFlags): ClientTls | undefined {
  if ((certFile === undefined) !== (keyFile === undefined))
    throw new FlagsInvalid('--cert-file and --key-file must be given together');
  if (tls !== true && caFile === undefined && certFile === undefined) return undefined;
  return readTlsFiles({
    ...(caFile === undefined ? {} : { caFile }),
    ...(certFile === undefined ? {} : { certFile }),
    ...(keyFile === undefined ? {} : { keyFile }),
  });
}

/** What of TLS keeps a server from being reached, where that is why. */
async function whyNot(
  error: unknown,
  { target, timeout }: PredictFlags,
  tls: ClientTls | undefined,
): Promise<TradewindError | undefined> {
  const isUnreached =
    error instanceof RpcFailed && error.code === 'RpcFailed' && error.status === UNAVAILABLE;
  return isUnreached && tls !== undefined ? probeTls(target, tls, timeout * 1000) : undefined;
}

/** What the server did not say itself, in words of ours. */
function toldBy(error: unknown, target: string): unknown {
  if (!(error instanceof RpcFailed) || error.code !== 'RpcFailed') return error;
  if (error.status === UNAVAILABLE) return new ServerUnreachable(target, error);
  return error.status === UNIMPLEMENTED ? new ServerUnsuitable(target, error) : error;
}

/** An abstention for want of features may be a symbol that is misspelt: the server cannot know. */
function printHint({
  recommendation,
  abstain_reason: reason,
  symbol,
}: Readonly<Record<string, unknown>>): void {
  if (recommendation === 'abstain' && reason === 'FeaturesMissing') {
    process.stderr.write(
      `the server has no features of '${String(symbol)}' yet; symbols are written as in the data, capitals too\n`,
    );
  }
}

async function requestOf({ model, symbol, features }: PredictFlags): Promise<Request> {
  if ((symbol === undefined) === (features === undefined)) {
    throw new FlagsInvalid('exactly one of --symbol and --features must be given');
  }
  if (symbol !== undefined) return { model, input: { case: 'symbol', value: symbol } };
  return { model, input: { case: 'features', value: { values: await readFeatures(features!) } } };
}

async function readFeatures(path: string): Promise<Record<string, number>> {
  const text = await readText(path);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new FeatureFileInvalid(path, 'it is not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new FeatureFileInvalid(path, 'it is not an object');
  // Absent features are null in what this program prints.
  const given = Object.entries(value).filter(([, number]) => number !== null);
  const wrong = given.filter(([, number]) => typeof number !== 'number');
  if (wrong.length > 0)
    throw new FeatureFileInvalid(path, `not a number: ${wrong.map(([name]) => name).join(', ')}`);
  return Object.fromEntries(given) as Record<string, number>;
}

function print(fields: Readonly<Record<string, unknown>>, asJson: boolean): void {
  printHint(fields);
  if (asJson) printJson(fields);
  else process.stdout.write(columns(Object.entries(fields).map(([name, value]) => [name, String(value)])));
}

function printExplanation(explanation: ExplainResponse, asJson: boolean): void {
  const { features, members, overlay, lineage } = explanation;
  const prediction = predictionJson(predictionOf(explanation.prediction!));
  const plain = {
    prediction,
    features: features.map(({ name, value, importance }) => ({ name, value, importance })),
    members: members.map(({ member, probabilityUp }) => ({ member, probabilityUp })),
    overlay: overlay.map(({ name, formula, value }) => ({ name, formula, value })),
    lineage: {
      modelDigest: lineage?.modelDigest,
      dataDigest: lineage?.dataDigest,
      codeVersion: lineage?.codeVersion,
      featureOffset: Number(lineage?.featureOffset ?? -1),
      featureTimeUs: Number(lineage?.featureTimeUs ?? 0),
    },
  };
  if (asJson) {
    printHint(prediction);
    printJson(plain);
    return;
  }
  print(prediction, false);
  process.stdout.write(
    `\n${columns([['FEATURE', 'VALUE', 'IMPORTANCE TO THE MODEL, NOT TO THIS PREDICTION'], ...features.map(({ name, value, importance }) => [name, String(value), importance.toFixed(4)])])}`,
  );
  process.stdout.write(
    `\n${columns([['MEMBER', 'PROBABILITY UP'], ...members.map(({ member, probabilityUp }) => [member, String(probabilityUp)])])}`,
  );
  process.stdout.write(
    `\n${columns([['STEP', 'VALUE', 'FORMULA'], ...overlay.map(({ name, formula, value }) => [name, String(value), formula])])}`,
  );
  process.stdout.write(
    `\n${columns(Object.entries(plain.lineage).map(([name, value]) => [name, String(value)]))}`,
  );
}
