import { existsSync } from 'node:fs';
import { mkdtemp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { startEngine } from '../../pkg/history/embedded/start-engine.ts';
import { History } from '../../pkg/history/history.ts';
import { TABLES, type TableName } from '../../pkg/history/schema.ts';
import { createRandom } from '../../pkg/runtime/random.ts';
import { randomArtifact } from '../support/artifact.ts';
import { writeCapture } from '../support/capture.ts';
import { startCli } from '../support/cli.ts';
import { eventually } from '../support/eventually.ts';
import { removeFolder } from '../support/remove-folder.ts';

const LINES = 60_000;
const RUNS = 5;
const KILLS_OF_A_RUN = 4;
/** The longest that a run is left alone before it is killed, in lengths of an undisturbed run: machines differ. */
const MAX_LIFE = 0.9;

let folder: string;
let file: string;
let model: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tradewind-crash-'));
  file = join(folder, 'capture.gz');
  await writeCapture(file, LINES);
  model = await randomArtifact(folder);
});
afterAll(() => removeFolder(folder));

const start = (data: string) =>
  startCli(
    [
      ...['up', '--source', 'replay', '--file', file, '--speed', 'max', '--set', 'core-v1', '--model', model],
      ...['--data', data, '--grpc-port', '0', '--http-port', '0', '--json', '--log-level', 'error'],
    ],
    { TRADEWIND_HISTORY_CHECKPOINT_SECONDS: '0.3' },
  );

type Contents = Readonly<Record<TableName, string>>;

async function contentsOf(data: string): Promise<Contents> {
  const [stream] = await readdir(data);
  const engine = await startEngine(join(data, stream!, 'history'));
  try {
    const history = await History.open({ ...engine, database: 'tradewind' });
    const tables = Object.keys(TABLES) as TableName[];
    const rows: [TableName, string][] = [];
    for (const table of tables) {
      const contents = await history.contents(table);
      rows.push([table, contents.map((row) => JSON.stringify(row)).join('\n')]);
    }
    await history.close();
    return Object.fromEntries(rows) as Contents;
  } finally {
    await engine.stop();
  }
}

describe('a replay that is killed', () => {
  let undisturbed: Contents;
  let outcomes: unknown;
  let undisturbedMs: number;
  beforeAll(async () => {
    const data = join(folder, 'undisturbed');
    const begun = performance.now();
    const { code, stdout, stderr } = await start(data).finished;
    undisturbedMs = performance.now() - begun;
    expect(stderr).toBe('');
    expect(code).toBe(0);
    ({ outcomes } = JSON.parse(stdout) as { outcomes: unknown });
    undisturbed = await contentsOf(data);
  });

  it('has rows of every kind when nothing disturbs it', () => {
    for (const rows of Object.values(undisturbed)) expect(rows.split('\n').length).toBeGreaterThan(100);
  });

  it.each(Array.from({ length: RUNS }, (_, run) => run))(
    `ends with the same rows and outcomes after ${KILLS_OF_A_RUN} kills at random moments (%d)`,
    async (run) => {
      const random = createRandom(100 + run);
      const data = join(folder, `killed-${run}`);
      for (let kill = 0; kill < KILLS_OF_A_RUN; kill += 1) {
        const running = start(data);
        const begun = performance.now();
        const life = random.uniform() * MAX_LIFE * undisturbedMs;
        await eventually(
          () => performance.now() - begun > life || running.child.exitCode !== null,
          undisturbedMs + 10_000,
        );
        running.child.kill('SIGKILL');
        await running.finished;
      }
      const { code, stdout, stderr } = await start(data).finished;
      expect(stderr).toBe('');
      expect(code).toBe(0);
      expect((JSON.parse(stdout) as { outcomes: unknown }).outcomes).toEqual(outcomes);
      const contents = await contentsOf(data);
      for (const table of Object.keys(TABLES) as TableName[]) {
        expect(contents[table] === undisturbed[table], `rows of ${table}`).toBe(true);
      }
    },
    120_000,
  );

  it('goes on from the newest checkpoint, not from the beginning', async () => {
    const data = join(folder, 'once');
    const running = start(data);
    await eventually(async () => {
      const [stream] = await readdir(data);
      return stream !== undefined && existsSync(join(data, stream, 'checkpoint'));
    }, undisturbedMs + 10_000);
    running.child.kill('SIGKILL');
    await running.finished;
    const { stdout } = await start(data).finished;
    const { resumedFromPosition } = JSON.parse(stdout) as { readonly resumedFromPosition: number | null };
    expect(resumedFromPosition).toBeGreaterThan(0);
  });
});
