import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An alert as Alertmanager tells of it. */
export interface ToldAlert {
  readonly status: 'firing' | 'resolved';
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Receiver that it was sent to, as the path has it. */
  readonly receiver: string;
  /** Monotonic, when it came. */
  readonly atMs: number;
}

/** What Alertmanager sends its webhooks to. */
export interface AlertReceiver {
  readonly url: string;
  readonly told: readonly ToldAlert[];
  stop(): Promise<void>;
}

export async function startAlertReceiver(): Promise<AlertReceiver> {
  const told: ToldAlert[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { alerts } = JSON.parse(Buffer.concat(chunks).toString()) as {
        readonly alerts: readonly Omit<ToldAlert, 'receiver' | 'atMs'>[];
      };
      const about = { receiver: (request.url ?? '').slice(1), atMs: performance.now() };
      for (const { status, labels, annotations } of alerts)
        told.push({ status, labels, annotations, ...about });
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    told,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
