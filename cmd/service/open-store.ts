import { MemoryOnlineStore } from '../../pkg/onlinestore/memory.ts';
import type { OnlineStore } from '../../pkg/onlinestore/online-store.ts';
import { systemClock } from '../../pkg/runtime/clock.ts';

/** The online store of a process: its own memory, which the event log fills again after a restart. */
export function openStore(): OnlineStore {
  return new MemoryOnlineStore({ clock: systemClock });
}
