import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

import type { MarketEvent, Quarantined } from '../../events.ts';
import type { SourceItem } from '../source.ts';
import { openReplay, type ReplayOptions } from './open.ts';

/** A file that lives as long as the test. @returns Its path. */
export function fileWith(name: string, content: string | Uint8Array): string {
  const directory = mkdtempSync(join(tmpdir(), 'tradewind-replay-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

/** All items of a recording, from a position on. */
export async function replay(options: ReplayOptions, fromPosition = 0): Promise<SourceItem[]> {
  const items: SourceItem[] = [];
  const source = await openReplay(options);
  for await (const batch of source.read({ fromPosition })) for (const item of batch) items.push(item);
  return items;
}

export const eventsOf = (items: readonly SourceItem[]): MarketEvent[] =>
  items.flatMap((item) => ('event' in item ? [item.event] : []));

export const quarantinedOf = (items: readonly SourceItem[]): Quarantined[] =>
  items.flatMap((item) => ('quarantined' in item ? [item.quarantined] : []));

/** Each item in a word: the kind of its event, or the reason for which it was set aside with `!`. */
export const outlineOf = (items: readonly SourceItem[]): string[] =>
  items.map((item) => ('event' in item ? item.event.kind : `!${item.quarantined.reason}`));
