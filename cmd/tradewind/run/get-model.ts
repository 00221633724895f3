import { systemScheduler } from '../../../pkg/operator/runtime/scheduler.ts';
import type { GetModelFlags } from '../commands/get.ts';
import { openCluster } from '../kubectl/cluster.ts';
import { followModel, type Glance } from '../kubectl/follow.ts';
import { frameOf } from '../kubectl/frame.ts';
import { inkFor } from '../kubectl/ink.ts';
import { modelTree } from '../kubectl/model-tree.ts';
import { readView } from '../kubectl/read-view.ts';
import { drawTree } from '../kubectl/tree.ts';
import { viewJson } from '../kubectl/view-json.ts';
import { optional } from '../optional.ts';
import { printJson } from '../output.ts';

/** Milliseconds after which a terminal shows how long a step lasts by now. */
const TICK_MS = 1000;

/**
 * Shows one model, once or until the first interrupt.
 *
 * @throws {ModelUnknown} It is not there, or no longer.
 * @throws {DefinitionMissing | KubeconfigInvalid | KubeError}
 */
export async function getModel(name: string, flags: GetModelFlags): Promise<void> {
  const place = openCluster(flags);
  const isLive = process.stdout.isTTY && flags.json !== true;
  if (flags.watch !== true) {
    const view = await readView(place, name);
    if (flags.json === true) printJson(viewJson(view));
    else process.stdout.write(`${linesOf({ view }, true).join('\n')}\n`);
    return;
  }
  const stopped = new AbortController();
  const stop = (): void => stopped.abort();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);
  const show = isLive ? liveScreen() : showChanges(flags.json === true ? jsonOf : blockOf);
  await followModel({
    ...{ place, name, show, scheduler: systemScheduler, signal: stopped.signal },
    ...(isLive ? { tickMs: TICK_MS } : {}),
  });
}

/** @param hasClock - Whether the lines say how long a step lasts by now. */
function linesOf({ view, trouble }: Glance, hasClock: boolean): readonly string[] {
  const ink = inkFor(process.stdout, process.env);
  const lines = drawTree(modelTree(hasClock ? { ...view, nowMs: Date.now() } : view), ink);
  return trouble === undefined
    ? lines
    : [...lines, ink(`the cluster does not answer (${trouble}): this may be old; trying again`, 'bad')];
}

function liveScreen(): (glance: Glance) => void {
  let before = 0;
  return (glance) => {
    const frame = frameOf(linesOf(glance, true), before, process.stdout.rows);
    before = frame.lines;
    process.stdout.write(frame.text);
  };
}

/** What is shown, for each change of it: without a clock, which would change it all the time. */
function showChanges(textOf: (glance: Glance) => string): (glance: Glance) => void {
  let before = '';
  return (glance) => {
    const text = textOf(glance);
    if (text !== before) process.stdout.write(text);
    before = text;
  };
}

const blockOf = (glance: Glance): string => `${linesOf(glance, false).join('\n')}\n\n`;

const jsonOf = ({ view, trouble }: Glance): string =>
  `${JSON.stringify({ ...viewJson(view), ...optional('trouble', trouble) })}\n`;
