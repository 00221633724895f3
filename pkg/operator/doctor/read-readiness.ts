import type { ClusterAccess } from '../runtime/cluster-access.ts';
import { type HttpCall, readBody, send } from '../runtime/http-call.ts';
import { KubeError } from '../runtime/errors.ts';
import type { Readiness } from './installation.ts';

/** Time in which a pod must answer through the API server; those that do not are left out. */
const TIMEOUT_MS = 3000;

/**
 * What a pod answers at `/readyz`, asked for through the API server.
 *
 * @returns Nothing where the user may not ask it, the network does not let the API server through, or it is no answer of Tradewind.
 */
export async function readinessOf(
  access: Pick<ClusterAccess, 'access'>,
  userAgent: string,
  namespace: string,
  pod: string,
): Promise<Readiness | undefined> {
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}:8080/proxy/readyz`;
  const call: HttpCall = { method: 'GET', path, timeoutMs: TIMEOUT_MS };
  try {
    const response = await send(await access.access(), userAgent, call);
    const body = JSON.parse(await readBody(response, call, TIMEOUT_MS)) as Partial<Readiness>;
    return Array.isArray(body.checks) ? { checks: body.checks } : undefined;
  } catch (error) {
    if (error instanceof KubeError || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
