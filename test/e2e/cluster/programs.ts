import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

import type { Tool } from '../../servers/tools.ts';

/** A program that did not do what it was asked. */
export class ProgramFailed extends Error {}

/** Runs programs of the person at the cluster: kubectl and helm, with the kubeconfig of the environment. */
export class Programs {
  readonly #paths: Readonly<Record<'helm' | 'kubectl', string>>;
  readonly #namespace: string;
  readonly #children = new Set<ChildProcess>();

  constructor(tools: Readonly<Record<'helm' | 'kubectl', Tool>>, namespace: string) {
    const pathOf = (name: 'helm' | 'kubectl'): string => {
      const tool = tools[name];
      if ('missing' in tool) throw new Error(`end-to-end needs ${tool.missing}`);
      return tool.path;
    };
    this.#paths = { helm: pathOf('helm'), kubectl: pathOf('kubectl') };
    this.#namespace = namespace;
  }

  /** @returns Standard output. @throws {ProgramFailed} With what it wrote. */
  helm(args: readonly string[]): Promise<string> {
    return this.#run(this.#paths.helm, [...args, '--namespace', this.#namespace]);
  }

  /** @param input - Given to its standard input. */
  kubectl(args: readonly string[], input?: string): Promise<string> {
    return this.#run(this.#paths.kubectl, ['--namespace', this.#namespace, ...args], input);
  }

  // oxlint-disable-next-line typescript/no-explicit-any -- a test reads what it knows to be there
  async json(args: readonly string[]): Promise<any> {
    return JSON.parse(await this.kubectl([...args, '--output', 'json']));
  }

  apply(...objects: readonly object[]): Promise<string> {
    const list = { apiVersion: 'v1', kind: 'List', items: objects };
    return this.kubectl(['apply', '--server-side', '--filename', '-'], JSON.stringify(list));
  }

  async pods(selector: string): Promise<readonly { readonly metadata: { readonly name: string } }[]> {
    return (await this.json(['get', 'pods', '--selector', selector])).items;
  }

  /** Ends one of the pods at once, as the loss of its node would. */
  async killOne(selector: string): Promise<void> {
    const [pod] = await this.pods(selector);
    const atOnce = ['--grace-period=0', '--force', '--wait=false'];
    await this.kubectl(['delete', 'pod', pod!.metadata.name, ...atOnce]);
  }

  /** Lines of standard output while the program runs. */
  start(args: readonly string[]): { readonly child: ChildProcess; readonly output: () => string } {
    const child = spawn(this.#paths.kubectl, ['--namespace', this.#namespace, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#children.add(child);
    child.once('exit', () => this.#children.delete(child));
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (output += text));
    return { child, output: () => output };
  }

  end(): void {
    for (const child of this.#children) child.kill('SIGTERM');
  }

  async #run(program: string, args: readonly string[], input?: string): Promise<string> {
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (bytes: Buffer) => out.push(bytes));
    child.stderr.on('data', (bytes: Buffer) => err.push(bytes));
    // A program that ends before it has read everything says why on its own.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input ?? '');
    const [code] = (await once(child, 'close')) as [number | null];
    if (code === 0) return Buffer.concat(out).toString('utf8');
    throw new ProgramFailed(`${args.join(' ')} ended with ${code}: ${Buffer.concat(err).toString('utf8')}`);
  }
}
