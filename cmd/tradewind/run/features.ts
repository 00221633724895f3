import { once } from 'node:events';

import { featureCsvHeader, featureCsvRow } from '../../../pkg/features/csv.ts';
import { createFeatureEngine, type FeatureSettings } from '../../../pkg/features/engine.ts';
import { formatBarClock, parseBarClock } from '../../../pkg/features/bar-clock.ts';
import type { Quarantined } from '../../../pkg/marketdata/events.ts';
import { openReplay } from '../../../pkg/marketdata/sources/replay/open.ts';
import type { MarketSource } from '../../../pkg/marketdata/sources/source.ts';
import { offlineFeatures } from '../../../pkg/pipeline/offline-features.ts';
import type { FeaturesFlags } from '../commands/features.ts';
import { parseFeatureSets } from '../feature-sets.ts';
import { barOf, checkGivenBar, DEFAULT_BAR } from '../bar-of.ts';
import { optional } from '../optional.ts';
import { openWholeFile } from '../whole-file.ts';

/** Writes the features of a recording as CSV and says on stderr what was read. A file is there as a whole, or not at all. */
export async function runFeatures(flags: FeaturesFlags): Promise<void> {
  const sets = parseFeatureSets(flags.set);
  const wanted = parseBarClock(flags.bar ?? DEFAULT_BAR);
  const source = await openReplay({
    path: flags.file,
    ...optional('format', flags.format),
    ...optional('symbol', flags.symbol),
    ...optional('timeZone', flags.timeZone),
  });
  const bar = barOf(source, formatBarClock(wanted));
  checkGivenBar(flags.bar, bar);
  const settings: FeatureSettings = { sets, bar: parseBarClock(bar) };
  const file = flags.out === undefined ? undefined : await openWholeFile(flags.out);
  try {
    await writeFeatures(source, settings, (text) => file?.write(text) ?? writeOut(text));
    await file?.done();
  } catch (error) {
    await file?.drop();
    throw error;
  }
}

async function writeOut(text: string): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, 'drain');
}

async function writeFeatures(
  source: MarketSource,
  settings: FeatureSettings,
  write: (text: string) => Promise<void>,
): Promise<void> {
  const { names } = createFeatureEngine(settings);
  await write(featureCsvHeader(names));
  let rows = 0;
  const quarantine = new QuarantineTally();
  const observer = { onQuarantined: (item: Quarantined) => quarantine.add(item) };
  for await (const vectors of offlineFeatures({ source, settings, observer })) {
    rows += vectors.length;
    await write(vectors.map((vector) => featureCsvRow(vector)).join(''));
  }
  process.stderr.write(`${rows} rows of ${names.length} features\n${quarantine.lines()}`);
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
