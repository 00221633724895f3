/**
 * Resident memory of `tradewind up` with 4 symbols at 100 ticks/s, once without history and once with the embedded engine
 * (both processes summed), side by side. Targets after ten minutes: below 200 MiB and below 600 MiB, and less than 5 MiB
 * grown since the first third of the run.
 *
 * Flags: --json; --minutes N (10).
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { randomArtifact } from '../support/artifact.ts';
import { addressIn, type Running, startCli } from '../support/cli.ts';
import { eventually } from '../support/eventually.ts';
import { benchFlags } from './flags.ts';
import { median, report } from './report.ts';

const SAMPLE_MS = 5000;
const MIB = 1024 ** 2;

const flags = benchFlags({
  options: { json: { type: 'boolean', default: false }, minutes: { type: 'string', default: '10' } },
});
const durationMs = Number(flags.minutes) * 60_000;

async function childrenOf(pid: number): Promise<readonly number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  const direct = text.split(' ').filter(Boolean).map(Number);
  return [...direct, ...(await Promise.all(direct.map(childrenOf))).flat()];
}

const ENTRY = /^[0-9a-f]+-[0-9a-f]+ \S+ \S+ \S+ \d+ +(\S.*)?$/;

/** Resident memory of a process and all below it, MiB; of a file that several have mapped, as Node itself, the pages count once. */
async function residentMib(root: number): Promise<number> {
  let anonymousKib = 0;
  const fileKib = new Map<string, number>();
  for (const pid of [root, ...(await childrenOf(root))]) {
    const own = new Map<string, number>();
    let file = '';
    for (const line of (await readFile(`/proc/${pid}/smaps`, 'utf8').catch(() => '')).split('\n')) {
      const [name = '', value] = line.split(/:? +/, 2);
      if (name === 'Rss') own.set(file, (own.get(file) ?? 0) + Number(value));
      else if (name === 'Anonymous') {
        anonymousKib += Number(value);
        own.set(file, own.get(file)! - Number(value));
      } else file = ENTRY.exec(line)?.[1] ?? (ENTRY.test(line) ? '' : file);
    }
    for (const [path, kib] of own) fileKib.set(path, Math.max(fileKib.get(path) ?? 0, kib));
  }
  return ([...fileKib.values()].reduce((sum, kib) => sum + kib, anonymousKib) * 1024) / MIB;
}

const folder = await mkdtemp(join(tmpdir(), 'tradewind-bench-'));
const started: Running[] = [];
try {
  const model = await randomArtifact(folder, { sets: ['core-v1', 'micro-v1'], trees: 100 });
  const start = (name: string, ...args: string[]): Running => {
    const running = startCli(
      [
        ...['up', '--data', join(folder, name), '--model', model, ...args],
        ...['--grpc-port', '0', '--http-port', '0', '--log-level', 'error'],
      ],
      { TRADEWIND_SIMULATOR_TICKS_PER_SECOND: '100', TRADEWIND_SIMULATOR_HISTORY_SECONDS: '300' },
    );
    started.push(running);
    return running;
  };
  const runs = [
    {
      name: 'without history',
      running: start('without', '--no-history'),
      target: 200,
      samples: [] as number[],
    },
    { name: 'with history', running: start('with'), target: 600, samples: [] as number[] },
  ];
  for (const { running } of runs) await eventually(() => addressIn(running.stderr(), 'console'), 60_000);
  const begun = performance.now();
  while (performance.now() - begun < durationMs) {
    await sleep(SAMPLE_MS);
    for (const { running, samples } of runs) samples.push(await residentMib(running.child.pid!));
  }
  /** The middle of a tenth of the samples around a point of the run: one collection more or less does not count. */
  const around = (samples: readonly number[], share: number): number => {
    const width = Math.max(1, Math.floor(samples.length / 10));
    const from = Math.min(
      samples.length - width,
      Math.max(0, Math.floor(samples.length * share - width / 2)),
    );
    return median(samples.slice(from, from + width));
  };
  report(
    'memory',
    runs.flatMap(({ name, target, samples }) => [
      { name: `resident ${name}`, unit: 'MiB', values: [around(samples, 1)], target: { atMost: target } },
      {
        name: `grown ${name}`,
        unit: 'MiB',
        values: [around(samples, 1) - around(samples, 1 / 3)],
        target: { atMost: 5 },
      },
      { name: `most ${name}`, unit: 'MiB', values: [Math.max(...samples)] },
    ]),
    { json: flags.json, facts: { minutes: Number(flags.minutes), sampleMs: SAMPLE_MS } },
  );
} finally {
  for (const { child } of started) child.kill('SIGTERM');
  await Promise.all(started.map(({ finished }) => finished));
  await rm(folder, { recursive: true, force: true });
}
