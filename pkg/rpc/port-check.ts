import { createServer } from 'node:net';
import { AddressUnusableError, PortInUseError } from './errors.ts';

/**
 * Binds a port and lets it go again. grpc-js reports a failed bind as text only; the system's own error has a code, so
 * that a port in use can be told from an address that does not exist.
 *
 * @throws {PortInUseError} @throws {AddressUnusableError}
 */
export async function checkPortFree(host: string, port: number): Promise<void> {
  const checked = Promise.withResolvers<void>();
  const probe = createServer();
  probe.once('error', (error: NodeJS.ErrnoException) => {
    checked.reject(
      error.code === 'EADDRINUSE'
        ? new PortInUseError(host, port, error)
        : new AddressUnusableError(host, port, error),
    );
  });
  probe.listen(port, host, () => probe.close(() => checked.resolve()));
  await checked.promise;
}
