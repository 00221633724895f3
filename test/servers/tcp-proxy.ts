import { connect, createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';

/** Bytes that pass, as they pass. A tap that returns `false` has the connection torn down before they arrive. */
export type Tap = (direction: 'toServer' | 'toClient', bytes: Buffer, connection: number) => boolean | void;

/**
 * A network cable between clients and one server on 127.0.0.1 that a test can cut, block and slow down.
 *
 * Cutting tells both ends, as when a process dies; stalling tells nobody, as when a cable is pulled or a firewall drops
 * packets: connections stay open and nothing passes.
 */
export class TcpProxy {
  /** Milliseconds that bytes are held back each way. */
  delayMs = 0;
  tap: Tap | undefined;
  readonly #targetPort: number;
  readonly #server: Server;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  #state: 'open' | 'cut' | 'stalled' = 'open';
  #connections = 0;

  private constructor(targetPort: number) {
    this.#targetPort = targetPort;
    this.#server = createServer((client) => this.#accept(client));
  }

  /** Listens on a free port of 127.0.0.1. */
  static async start(targetPort: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(targetPort);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Ends every connection, and each new one at once. */
  cut(): void {
    this.#state = 'cut';
    this.#dropAll();
  }

  /** Lets nothing pass any longer, without a word; new connections are taken and lead nowhere. */
  stall(): void {
    this.#state = 'stalled';
    for (const pair of this.#pairs) for (const socket of pair) socket.pause();
  }

  /** Works again. What was half-open stays dead, as behind a router that has forgotten it. */
  heal(): void {
    if (this.#state === 'stalled') this.#dropAll();
    this.#state = 'open';
  }

  async stop(): Promise<void> {
    this.#state = 'cut';
    this.#dropAll();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #accept(client: Socket): void {
    if (this.#state === 'cut') {
      client.destroy();
      return;
    }
    const server = connect(this.#targetPort, '127.0.0.1');
    const connection = (this.#connections += 1);
    const pair = [client, server] as const;
    this.#pairs.add(pair);
    this.#forward('toServer', client, server, connection);
    this.#forward('toClient', server, client, connection);
    for (const socket of pair) {
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
      socket.once('close', () => this.#drop(pair));
      if (this.#state === 'stalled') socket.pause();
    }
  }

  #forward(direction: 'toServer' | 'toClient', from: Socket, to: Socket, connection: number): void {
    from.on('data', (bytes: Buffer) => {
      if (this.tap?.(direction, bytes, connection) === false) {
        from.destroy();
        return;
      }
      const pass = (): void => {
        if (this.#state === 'open' && !to.destroyed) to.write(bytes);
      };
      if (this.delayMs === 0) pass();
      else setTimeout(pass, this.delayMs);
    });
  }

  #drop(pair: readonly [Socket, Socket]): void {
    this.#pairs.delete(pair);
    for (const socket of pair) socket.destroy();
  }

  #dropAll(): void {
    for (const pair of this.#pairs) this.#drop(pair);
  }
}
