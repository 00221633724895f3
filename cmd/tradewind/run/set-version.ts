import { TRADING_MODELS } from '../../../pkg/operator/kinds.ts';
import type { SetVersionFlags } from '../commands/set.ts';
import { meaningOf, openCluster } from '../kubectl/cluster.ts';
import { optional } from '../optional.ts';

/**
 * Changes the version that a model wants; the controller rolls it out.
 *
 * @throws {SpecRefused} The API server takes it not.
 * @throws {ModelUnknown | DefinitionMissing | KubeconfigInvalid | KubeError}
 */
export async function setVersion(name: string, version: string, flags: SetVersionFlags): Promise<void> {
  const { client, namespace } = openCluster(flags);
  const { uri, digest } = flags;
  const model = { version, ...optional('uri', uri), ...optional('digest', digest) };
  const ref = { namespace, name };
  await client.patch(TRADING_MODELS, ref, { spec: { model } }).catch((error: unknown) => {
    throw meaningOf(error, namespace, name);
  });
  process.stdout.write(`${name} wants version ${version}\n`);
  if (uri === undefined && digest === undefined)
    process.stderr.write('its artifact is the one of before: neither --uri nor --digest was given\n');
}
