import { createWriteStream, type WriteStream } from 'node:fs';
import { once } from 'node:events';
import { finished } from 'node:stream/promises';

import { featureCsvHeader, featureCsvRow } from '../../../pkg/features/csv.ts';
import { createFeatureEngine, type FeatureSettings } from '../../../pkg/features/engine.ts';
import { parseBarClock } from '../../../pkg/features/bar-clock.ts';
import type { Quarantined } from '../../../pkg/marketdata/events.ts';
import { openReplay } from '../../../pkg/marketdata/sources/replay/open.ts';
import { offlineFeatures } from '../../../pkg/pipeline/offline-features.ts';
import { FileUnwritable } from '../../../pkg/runtime/common-errors.ts';
import type { FeaturesFlags } from '../commands/features.ts';
import { parseFeatureSets } from '../feature-sets.ts';
import { optional } from '../optional.ts';

/** Writes the features of a recording as CSV and says on stderr what was read. */
export async function runFeatures(flags: FeaturesFlags): Promise<void> {
  const settings: FeatureSettings = { sets: parseFeatureSets(flags.set), bar: parseBarClock(flags.bar) };
  const source = await openReplay({
    path: flags.file,
    ...optional('format', flags.format),
    ...optional('symbol', flags.symbol),
    ...optional('timeZone', flags.timeZone),
  });
  const out = flags.out === undefined ? process.stdout : await openOutput(flags.out);
  const { names } = createFeatureEngine(settings);
  out.write(featureCsvHeader(names));
  let rows = 0;
  const quarantine = new QuarantineTally();
  const observer = { onQuarantined: (item: Quarantined) => quarantine.add(item) };
  for await (const vectors of offlineFeatures({ source, settings, observer })) {
    rows += vectors.length;
    const text = vectors.map((vector) => featureCsvRow(vector)).join('');
    if (!out.write(text)) await once(out, 'drain');
  }
  if (out !== process.stdout) {
    out.end();
    await finished(out);
  }
  process.stderr.write(`${rows} rows of ${names.length} features\n${quarantine.lines()}`);
}

async function openOutput(path: string): Promise<WriteStream> {
  const stream = createWriteStream(path);
  try {
    await once(stream, 'open');
  } catch (error) {
    throw new FileUnwritable(path, error);
  }
  return stream;
}

/** What was set aside: how many by reason, and the first of each. */
class QuarantineTally {
  readonly #byReason = new Map<string, { count: number; readonly first: Quarantined }>();

  add(item: Quarantined): void {
    const entry = this.#byReason.get(item.reason);
    if (entry === undefined) this.#byReason.set(item.reason, { count: 1, first: item });
    else entry.count += 1;
  }

  /** A line for each reason; nothing where nothing was set aside. */
  lines(): string {
    return [...this.#byReason]
      .map(
        ([reason, { count, first }]) =>
          `quarantined: ${count} ${reason}, the first at ${first.origin}: ${first.message}\n`,
      )
      .join('');
  }
}
