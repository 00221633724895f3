import { type HttpHandler, pathOf, sendJson } from '../../runtime/http.ts';
import type { ModelReport, RevisionDirectory } from './revision-directory.ts';
import type { RevisionPools } from './revision-pools.ts';

export interface ReportOptions {
  /** Another one for each start of the process: counters begin at zero with it. */
  readonly gateway: string;
  readonly startedUs: number;
  readonly directory: RevisionDirectory;
  readonly pools: Pick<RevisionPools, 'usable'>;
  /** Whether the source of the traffic says nothing any more. */
  readonly isBlind: () => boolean;
}

/** What a gateway tells at `GET /revisions`: the traffic that it follows, and what it has counted of each revision. */
export interface GatewayReport {
  readonly gateway: string;
  readonly startedUs: number;
  readonly isBlind: boolean;
  readonly models: readonly (Omit<ModelReport, 'revisions'> & {
    readonly revisions: readonly (ModelReport['revisions'][number] & {
      /** Predictors of it that take requests now. */
      readonly usablePredictors: number;
    })[];
  })[];
}

/** Answers `GET /revisions`, which the controller reads: no more than it needs, so that nothing else must run for it. */
export function revisionsHandlerOf(report: () => GatewayReport): HttpHandler {
  return (request, response) => {
    if (request.method !== 'GET' || pathOf(request) !== '/revisions') return false;
    sendJson(response, 200, report());
    return true;
  };
}

/** The answer as it is now. */
export function reportOf(options: ReportOptions): GatewayReport {
  const { gateway, startedUs, directory, pools, isBlind } = options;
  return {
    ...{ gateway, startedUs, isBlind: isBlind() },
    models: directory.report().map(({ revisions, ...model }) => ({
      ...model,
      revisions: revisions.map((revision) => ({
        ...revision,
        usablePredictors: pools.usable(model.model, revision.revision),
      })),
    })),
  };
}
