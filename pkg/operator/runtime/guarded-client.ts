import { NotLeading } from './errors.ts';
import type { CallOptions, KubeClient } from './kube-client.ts';
import type { Leadership } from './leader-election.ts';

/**
 * A client that reads always and writes only while this process leads: a write is refused before it is sent, and cut off when
 * leadership ends. What the server has already received may still happen; that is why the renewal deadline lies well before the end
 * of the lease.
 *
 * @returns A client whose writes throw {@link NotLeading} otherwise.
 */
export function guardWrites(client: KubeClient, leadership: Leadership): KubeClient {
  const guarded = <O extends CallOptions>(options: O | undefined): O => {
    if (!leadership.isLeading) throw new NotLeading(leadership.lease);
    const signals = [leadership.signal, ...(options?.signal === undefined ? [] : [options.signal])];
    return { ...(options as O), signal: AbortSignal.any(signals) };
  };
  return {
    get: (kind, ref, options) => client.get(kind, ref, options),
    list: (kind, options) => client.list(kind, options),
    watch: (kind, options) => client.watch(kind, options),
    create: async (kind, object, options) => client.create(kind, object, guarded(options)),
    update: async (kind, object, options) => client.update(kind, object, guarded(options)),
    patch: async (kind, ref, patch, options) => client.patch(kind, ref, patch, guarded(options)),
    patchStatus: async (kind, ref, patch, options) => client.patchStatus(kind, ref, patch, guarded(options)),
    apply: async (kind, object, options) => client.apply(kind, object, guarded(options)),
    applyStatus: async (kind, object, options) => client.applyStatus(kind, object, guarded(options)),
    delete: async (kind, ref, options) => client.delete(kind, ref, guarded(options)),
  };
}
