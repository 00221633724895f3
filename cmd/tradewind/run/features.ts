import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { finished } from 'node:stream/promises';

import { featureCsvHeader, featureCsvRow } from '../../../pkg/features/csv.ts';
import { createFeatureEngine, type FeatureSettings } from '../../../pkg/features/engine.ts';
import { parseBarClock } from '../../../pkg/features/bar-clock.ts';
import { openReplay } from '../../../pkg/marketdata/sources/replay/open.ts';
import { offlineFeatures } from '../../../pkg/pipeline/offline-features.ts';
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
  const out = flags.out === undefined ? process.stdout : createWriteStream(flags.out);
  const { names } = createFeatureEngine(settings);
  out.write(featureCsvHeader(names));
  let rows = 0;
  let quarantined = 0;
  const observer = {
    onQuarantined: () => {
      quarantined += 1;
    },
  };
  for await (const vectors of offlineFeatures({ source, settings, observer })) {
    rows += vectors.length;
    const text = vectors.map((vector) => featureCsvRow(vector)).join('');
    if (!out.write(text)) await once(out, 'drain');
  }
  if (out !== process.stdout) {
    out.end();
    await finished(out);
  }
  process.stderr.write(`${rows} rows of ${names.length} features, ${quarantined} quarantined\n`);
}
