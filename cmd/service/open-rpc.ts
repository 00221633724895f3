import { createRpcServer, type RpcServer } from '../../pkg/rpc/server.ts';
import { FollowedTls, type TlsKeys } from '../../pkg/rpc/tls-files.ts';
import type { ServerTls } from '../../pkg/rpc/transport/listener.ts';
import type { Logger } from '../../pkg/runtime/logger.ts';
import type { Metrics } from '../../pkg/runtime/metrics.ts';
import type { Shutdown } from '../../pkg/runtime/shutdown.ts';
import type { GrpcSection } from '../settings.ts';

/** Time between two looks at the files of certificates, milliseconds. */
const TLS_LOOK_MS = 5000;

/** What following files of certificates needs of a process. */
export interface TlsContext {
  readonly logger: Logger;
  readonly shutdown: Shutdown;
}

/** A gRPC server as configured, in plain text or by TLS with files that may be rotated; it serves once it is started. @throws {FileUnreadable | TlsFileUnusable} */
export function openRpc(
  section: GrpcSection,
  { metrics, logger, shutdown }: TlsContext & { readonly metrics: Metrics },
): RpcServer {
  const { host, port, certFile, keyFile, clientCaFile } = section;
  const common = { host, port, metrics: metrics.registry, logger };
  if (certFile === undefined || keyFile === undefined) return createRpcServer(common);
  const files = { certFile, keyFile, ...(clientCaFile === undefined ? {} : { caFile: clientCaFile }) };
  const followed = followTls('gRPC server', files, { logger, shutdown }, (keys) =>
    rpc.setTls(serverTlsOf(keys)),
  );
  const rpc = createRpcServer({ ...common, tls: serverTlsOf(followed.keys) });
  return rpc;
}

/** Follows files of certificates until shutdown; what becomes of them is logged. @param what - Who uses them. @throws {FileUnreadable | TlsFileUnusable} */
export function followTls(
  what: string,
  files: Parameters<typeof FollowedTls.open>[0],
  { logger, shutdown }: TlsContext,
  onChanged: (keys: TlsKeys) => void = () => undefined,
): FollowedTls {
  const followed = FollowedTls.open(files, TLS_LOOK_MS, {
    onChanged: (keys) => {
      onChanged(keys);
      logger.info({ of: what }, 'certificates have changed, new connections use them');
    },
    onUnusable: ({ code, message }) =>
      logger.warn({ of: what, code, error: message }, 'certificates cannot be used, those before stay'),
  });
  shutdown.add(`certificates of ${what}`, () => followed.close());
  return followed;
}

function serverTlsOf({ certificate, privateKey, authorities }: TlsKeys): ServerTls {
  return {
    ...{ certificate: certificate!, privateKey: privateKey! },
    ...(authorities === undefined ? {} : { clientAuthorities: authorities }),
  };
}
