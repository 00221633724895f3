import { Agent as HttpAgent } from 'node:http';
import { Agent, type RequestOptions } from 'node:https';

import { KubeConfig } from '@kubernetes/client-node';

import { KubeconfigInvalid } from './errors.ts';

const NONE_FOUND = 'found none: looked for KUBECONFIG, ~/.kube/config and the ServiceAccount of a pod';
/** What the library guesses where it finds nothing. */
const GUESS = { context: 'loaded-context', server: 'http://localhost:8080' };

/** How one request reaches the API server and says who asks. */
export interface Access {
  readonly server: URL;
  readonly options: RequestOptions;
}

/**
 * Address, trust and credentials of a cluster, as the kubeconfig says them, or the ServiceAccount of the pod. Token files are read
 * again once a minute, credentials from commands when they expire, everything after `renew`.
 */
export class ClusterAccess {
  readonly #load: () => KubeConfig;
  #config: KubeConfig;
  #agent: { readonly identity: string; readonly agent: Agent | HttpAgent } | undefined;

  private constructor(load: () => KubeConfig) {
    this.#load = load;
    this.#config = load();
  }

  /**
   * By one kubeconfig file.
   *
   * @param context - Name of a context of it; its current one where left out.
   * @throws {KubeconfigInvalid}
   */
  static fromFile(path: string, context?: string): ClusterAccess {
    return new ClusterAccess(() =>
      checked(`${path} does not`, context, (config) => config.loadFromFile(path)),
    );
  }

  /**
   * As kubectl finds it: `KUBECONFIG`, else `~/.kube/config`, else the ServiceAccount of the pod.
   *
   * @param context - Name of a context of these; the current one where left out.
   * @throws {KubeconfigInvalid}
   */
  static fromDefault(context?: string): ClusterAccess {
    return new ClusterAccess(() =>
      checked('that of KUBECONFIG, or ~/.kube/config, does not', context, (config) => {
        config.loadFromDefault();
        if (
          config.getCurrentContext() === GUESS.context &&
          config.getCurrentCluster()?.server === GUESS.server
        )
          throw new KubeconfigInvalid(NONE_FOUND);
      }),
    );
  }

  /** Namespace that the context names: that of the pod, in a pod. */
  get namespace(): string | undefined {
    return this.#config.getContextObject(this.#config.getCurrentContext())?.namespace;
  }

  /** Reads everything anew, for the next request: the server did not know who asks. */
  renew(): void {
    this.#config = this.#load();
  }

  /** Has the next request open a connection of its own: those that wait may lead nowhere. Requests on their way go on. */
  forgetConnections(): void {
    const before = this.#agent?.agent;
    this.#agent = undefined;
    for (const sockets of Object.values(before?.freeSockets ?? {}))
      for (const socket of sockets ?? []) socket.destroy();
  }

  /**
   * What the next request needs.
   *
   * @throws {KubeconfigInvalid} A file or command that the kubeconfig names gives no credentials.
   */
  async access(): Promise<Access> {
    const options: RequestOptions = {};
    try {
      await this.#config.applyToHTTPSOptions(options);
      const cluster = this.#config.getCurrentCluster()!;
      const server = new URL(cluster.server);
      // The library's agents tunnel through proxies, but keep no connection and are not made anew for a new certificate.
      if (cluster.proxyUrl === undefined || cluster.proxyUrl === '')
        options.agent = this.#agentFor(server, options);
      return { server, options };
    } catch (error) {
      throw new KubeconfigInvalid(`credentials could not be read (${String(error)})`, error);
    }
  }

  #agentFor(server: URL, options: RequestOptions): Agent | HttpAgent {
    const { ca, cert, key, pfx, passphrase, rejectUnauthorized, servername } = options;
    const tls = { ca, cert, key, pfx, passphrase, rejectUnauthorized, servername };
    const identity = JSON.stringify([server.origin, tls]);
    if (this.#agent?.identity !== identity) {
      const given = Object.fromEntries(Object.entries(tls).filter(([, value]) => value !== undefined));
      const agent =
        server.protocol === 'http:'
          ? new HttpAgent({ keepAlive: true })
          : new Agent({ ...given, keepAlive: true });
      this.#agent = { identity, agent };
    }
    return this.#agent.agent;
  }
}

function checked(
  otherwise: string,
  context: string | undefined,
  load: (config: KubeConfig) => void,
): KubeConfig {
  const config = new KubeConfig();
  try {
    load(config);
  } catch (error) {
    if (error instanceof KubeconfigInvalid) throw error;
    throw new KubeconfigInvalid(
      `${otherwise} (${error instanceof Error ? error.message : String(error)})`,
      error,
    );
  }
  if (context !== undefined) choose(config, context);
  const server = config.getCurrentCluster()?.server ?? '';
  if (!URL.canParse(server))
    throw new KubeconfigInvalid(`${otherwise}: address of the server was '${server}'`);
  return config;
}

function choose(config: KubeConfig, context: string): void {
  const names = config.getContexts().map(({ name }) => name);
  if (!names.includes(context))
    throw new KubeconfigInvalid(`has no context '${context}', only ${names.join(', ') || 'none'}`);
  config.setCurrentContext(context);
}
