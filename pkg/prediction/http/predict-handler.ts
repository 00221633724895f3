import type { IncomingMessage } from 'node:http';

import { verdictOnMetrics } from '../../ml/report.ts';
import { type HttpHandler, pathOf, readBody, sendJson } from '../../runtime/http.ts';
import { TradewindError } from '../../runtime/errors.ts';
import { TRACEPARENT } from '../../tracing/trace-context.ts';
import type { Tracer } from '../../tracing/tracer.ts';
import { ContentTypeUnsupported, RequestInvalid } from '../errors.ts';
import { checkSymbol } from '../inputs.ts';
import type { Prediction } from '../prediction.ts';
import { predictionJson } from '../prediction-json.ts';
import type { PredictionRequest, PredictionService } from '../service.ts';

const MAX_BODY_BYTES = 1024 * 1024;
const JSON_TYPE = 'application/json';

/**
 * `POST /predict`: a flat JSON object of features in, a prediction out. The members `model` and `symbol` are not features:
 * `model` names the model; `symbol` alone predicts from the newest stored features, beside features it is a label.
 * `GET /models` lists what is served. Errors are for the server to answer: `{ code, message, facts }` with the status of their kind.
 */
export function createPredictHandler(service: PredictionService, tracer?: Tracer): HttpHandler {
  return async (request, response) => {
    const path = pathOf(request);
    if (path !== '/predict' && path !== '/models') return false;
    const wanted = path === '/predict' ? 'POST' : 'GET';
    if (request.method !== wanted) {
      response.setHeader('allow', wanted);
      sendJson(response, 405, { code: 'MethodNotAllowed', message: `method must be ${wanted}`, facts: {} });
      return true;
    }
    if (path === '/models') sendJson(response, 200, { models: describeModels(service) });
    else sendJson(response, 200, predictionJson(await predict(service, request, tracer)));
    return true;
  };
}

/** In the trace of the caller, or in one of its own where the caller has none and it is sampled. */
async function predict(
  service: PredictionService,
  request: IncomingMessage,
  tracer: Tracer | undefined,
): Promise<Prediction> {
  const header = request.headers[TRACEPARENT];
  const span = tracer?.accept(typeof header === 'string' ? header : undefined, 'POST /predict', {
    kind: 'server',
  });
  span?.set({ 'http.request.method': 'POST', 'http.route': '/predict', 'url.path': '/predict' });
  try {
    return await service.predict(await readRequest(request), undefined, span);
  } catch (error) {
    span?.fail(error instanceof TradewindError ? error.code : 'Internal');
    throw error;
  } finally {
    span?.end();
  }
}

async function readRequest(request: IncomingMessage): Promise<PredictionRequest> {
  const contentType = request.headers['content-type'];
  const [mediaType = ''] = (contentType ?? JSON_TYPE).split(';', 1);
  if (mediaType.trim().toLowerCase() !== JSON_TYPE) throw new ContentTypeUnsupported(contentType ?? '');
  return parseRequest(await readBody(request, MAX_BODY_BYTES));
}

function parseRequest(body: Buffer): PredictionRequest {
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    throw new RequestInvalid('body must be JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new RequestInvalid('body must be a flat object of features');
  }
  const { model = '', symbol, ...features } = value as Readonly<Record<string, unknown>>;
  if (typeof model !== 'string') throw new RequestInvalid('model must be text');
  if (symbol !== undefined && typeof symbol !== 'string') throw new RequestInvalid('symbol must be text');
  if (symbol !== undefined) checkSymbol(symbol);
  const given = new Map(Object.entries(features));
  if (symbol !== undefined && given.size === 0) return { model, symbol };
  return { model, features: given, ...(symbol === undefined ? {} : { label: symbol }) };
}

function describeModels(service: PredictionService) {
  return service
    .listModels()
    .map(({ name, version, digest, featureSet, featureNames, memberNames, metrics, warnings = [] }) => ({
      ...{ name, version, digest, verdict: verdictOnMetrics(metrics), warnings, metrics },
      feature_set: featureSet,
      features: featureNames,
      members: memberNames,
    }));
}
