/**
 * Every input event reaches every output exactly once in effect, in order per symbol, whatever dies: the five processes over real servers, against a
 * straight run of the same stream.
 *
 * In effect means by identity: a reader that takes the first of what has equal identity (symbol and time of a vector or prediction; the columns that
 * identify a row) sees each effect once. Records that repeat one may lie in a topic where a process stood still and was replaced; they are counted.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { columns } from '../../cmd/tradewind/output.ts';
import { History } from '../../pkg/history/history.ts';
import { createRandom } from '../../pkg/runtime/random.ts';
import { TOPICS } from '../../pkg/wire/topics.ts';
import { kafkaMissing } from '../servers/kafka.ts';
import { freePorts } from '../servers/ports.ts';
import { redisMissing } from '../servers/redis.ts';
import { randomArtifact } from '../support/artifact.ts';
import { FaultReport, IS_EACH, IS_NIGHTLY } from '../support/fault-report.ts';
import { openTestLog } from '../support/kafka-log.ts';
import { IS_WHOLE } from '../support/test-form.ts';
import { type StreamServers, startStreamServers } from '../support/stream-servers.ts';
import {
  BOUNDED,
  type Cell,
  eachByItself,
  FEW,
  nameOf,
  severalOfEachProcess,
  type ProcessName,
} from './matrix/cells.ts';
import { compare, type Comparison } from './matrix/compare.ts';
import { type Outcome, outcomeOf } from './matrix/outcome.ts';
import { EVERY, writeRecording } from './matrix/recording.ts';
import { MatrixSystem, SESSION_MS } from './matrix/system.ts';

const missing = kafkaMissing() ?? redisMissing();
const LINES = IS_NIGHTLY ? 100_000 : 20_000;
const PARTITIONS = 4;
/** Longer than a predictor takes to start on a busy machine: else vectors become abstentions, as they must. */
const PATIENCE_MS = IS_NIGHTLY ? 600_000 : 60_000;
/** The long form has as many bars as the short one, of more events each. */
const BAR = IS_NIGHTLY ? 'time:5000' : 'time:1000';
/** Inserts often enough that a batch is in hand at most times. */
const RECORDER = { intervalSeconds: IS_NIGHTLY ? 0.3 : 0.05 };
/** Of the places of random faults; each run of the nightly form has its own. */
const SEED = IS_NIGHTLY ? Date.now() % 1_000_000 : 1;
const CELL_TIMEOUT_MS = IS_NIGHTLY ? 2_400_000 : 300_000;
const random = createRandom(SEED);
const cells = cellsOf(() => random.uniform());
const EQUAL: Omit<Comparison, 'expected' | 'repeated' | 'example'> = {
  lost: 0,
  extra: 0,
  different: 0,
  disordered: 0,
};

describe.skipIf(missing !== undefined)(
  missing === undefined ? 'a stream through processes that die' : `without ${missing}`,
  () => {
    const report = new FaultReport('crash-matrix', 'cell');
    let folder: string;
    let artifact: string;
    let servers: StreamServers;
    let straight: Outcome;
    const table: string[][] = [];

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'tradewind-matrix-'));
      writeRecording(join(folder, 'capture'), LINES);
      [artifact, servers] = await Promise.all([randomArtifact(folder, { bar: BAR }), startStreamServers()]);
      straight = await runOf('straight', { name: 'straight', faults: [] });
    }, CELL_TIMEOUT_MS);
    afterAll(async () => {
      console.log(columns(table));
      await servers?.stop();
      await rm(folder, { recursive: true, force: true });
    });

    async function runOf(
      database: string,
      { faults }: Cell,
    ): Promise<Outcome & { readonly wasOvertaken: boolean }> {
      await servers.clear();
      const { kafka, redis, clickhouse } = servers;
      const [predictorPort] = (await freePorts(1)) as [number];
      const { url, username, password } = clickhouse;
      const address = { url, username, password, database };
      const log = await openTestLog(kafka.brokers);
      const common = {
        kafka: { brokers: kafka.brokers, partitions: PARTITIONS, sessionTimeoutMs: SESSION_MS },
        log: { level: 'info' },
      };
      const features = { sets: ['core-v1'], bar: BAR };
      const store = { mode: 'single', addresses: [redis.address], prefix: database, commandTimeoutMs: 5000 };
      const configs: Readonly<Record<ProcessName, object>> = {
        collector: {
          ...common,
          source: { kind: 'replay', file: join(folder, 'capture'), speed: 'max' },
          snapshots: { everyRecords: LINES / 10 },
        },
        features: { ...common, features, redis: store, snapshots: { everyRecords: LINES / 16 } },
        predictor: { model: { uris: [artifact] }, grpc: { port: predictorPort } },
        gateway: {
          ...common,
          ...{ features, redis: store },
          predictors: { addresses: [`127.0.0.1:${predictorPort}`], streamTimeoutMs: PATIENCE_MS },
        },
        recorder: { ...common, features, history: address, recorder: RECORDER },
      };
      const system = new MatrixSystem({
        log,
        configOf: (process, instance) =>
          process === 'recorder'
            ? {
                ...configs.recorder,
                recorder: { ...RECORDER, spool: join(folder, `${database}-${instance}`) },
              }
            : configs[process],
        ...(straight === undefined ? {} : { expected: straight.records }),
      });
      let history: History | undefined;
      try {
        await system.run(faults);
        history = await History.open(address);
        return { ...(await outcomeOf(log, history)), wasOvertaken: system.wasOvertaken };
      } finally {
        await history?.close();
        await system.close();
        await log.close();
      }
    }

    it('has effects of every kind when nothing disturbs it', () => {
      for (const effects of Object.values(straight.effects)) expect(effects.length).toBeGreaterThan(20);
      for (const [output, effects] of Object.entries(straight.effects))
        expect([output, compare(effects, effects).repeated]).toEqual([output, 0]);
      expect(
        straight.effects['signals']!.filter(({ content }) => !content.includes('abstain')).length,
      ).toBeGreaterThan(straight.effects['signals']!.length / 2);
    });

    it('tells everything that it sets aside by the line of the recording', () => {
      const origins = straight.effects['history quarantine']!.map(({ content }) => {
        const { reason, origin } = JSON.parse(content) as {
          readonly reason: string;
          readonly origin: string;
        };
        const [, line, detail] = /^capture:(\d+)(?: \((\w+)[^()]*\))?$/.exec(origin) ?? [];
        const every =
          { Malformed: EVERY.broken, CrossedBook: EVERY.crossed, Late: EVERY.late }[reason] ?? NaN;
        return `${reason} ${detail} ${Number(line) % every}`;
      });
      expect(new Set(origins)).toEqual(
        new Set(['Malformed undefined 0', 'CrossedBook quote 0', 'Late item 0']),
      );
    });

    it.each(cells.map((cell, at) => [cell.name, cell, at] as const))(
      'comes to the same: %s',
      async (name, cell, at) => {
        const begunMs = performance.now();
        const { effects, wasOvertaken } = await runOf(`cell_${at}`, cell);
        const outputs = Object.keys(straight.effects).map(
          (output) => [output, compare(straight.effects[output]!, effects[output]!)] as const,
        );
        const seconds = Math.round((performance.now() - begunMs) / 100) / 10;
        report.add({
          cell: name,
          faults: cell.faults.map(nameOf),
          lines: LINES,
          seed: SEED,
          seconds,
          wasOvertaken,
          outputs: Object.fromEntries(outputs),
        });
        table.push([name, `${seconds} s`, ...outputs.flatMap(([output, found]) => shown(output, found))]);
        for (const [output, { lost, extra, different, disordered }] of outputs)
          expect.soft({ output, lost, extra, different, disordered }).toEqual({ output, ...EQUAL });
        // Who dies, or is asked to stop, leaves nothing behind that comes twice, but in quarantine.
        if (!wasOvertaken)
          for (const [output, { repeated }] of outputs)
            if (output !== TOPICS.quarantine) expect.soft([output, repeated]).toEqual([output, 0]);
      },
      CELL_TIMEOUT_MS,
    );
  },
);

function cellsOf(uniform: () => number): readonly Cell[] {
  if (IS_EACH) return eachByItself(uniform);
  if (IS_NIGHTLY) return severalOfEachProcess(uniform);
  return IS_WHOLE ? BOUNDED : FEW;
}

/** What of an output is not 0, for the table. */
function shown(output: string, comparison: Comparison): readonly string[] {
  const found = Object.entries(comparison).filter(
    ([what, count]) => what !== 'expected' && Number(count) > 0,
  );
  return found.length === 0
    ? []
    : [`${output}: ${found.map(([what, count]) => `${count} ${what}`).join(', ')}`];
}
