import { eventually } from '../../support/eventually.ts';
import type { Programs } from './programs.ts';

/** A way from this machine to a Service or a pod, as `kubectl port-forward` makes it. */
export interface PortForward {
  /** `127.0.0.1:port`. */
  readonly address: string;
  stop(): void;
}

/** @param what - `service/NAME` or `pod/NAME`. */
export async function portForward(programs: Programs, what: string, port: number): Promise<PortForward> {
  const { child, output } = programs.start(['port-forward', what, `:${port}`]);
  const address = await eventually(() => {
    if (child.exitCode !== null) throw new Error(`port-forward to ${what} ended: ${output()}`);
    return /Forwarding from (127\.0\.0\.1:\d+)/.exec(output())?.[1];
  }, 30_000);
  return { address, stop: () => void child.kill('SIGTERM') };
}
