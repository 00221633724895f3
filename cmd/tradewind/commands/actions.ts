import { type Command, Option } from 'commander';

import type { ActionType } from '../../../pkg/tradingmodel/status.ts';
import { parseDurationSeconds, parseWhole } from '../flags.ts';
import { type ClusterFlags, withCluster } from './cluster-flags.ts';

export interface ActionFlags extends ClusterFlags {
  /** Seconds to wait for the controller's answer. */
  readonly timeout: number;
  readonly wait: boolean;
  readonly json?: boolean;
  readonly full?: boolean;
  readonly toRevision?: number;
  /** Folder of `tradewind up`, where no cluster is meant. */
  readonly dir?: string;
}

const ACTIONS = {
  promote: 'Go on past a pause, an analysis that says nothing, or the deadline; cut a step short.',
  abort: 'Give the update up: all traffic goes to the stable revision.',
  retry: 'Begin an aborted rollout again, with the first step.',
  pause: 'Hold the rollout: no more weight and no step; failing metrics still abort.',
  resume: 'End what `pause` began.',
  undo: 'Go back to the revision that was stable before, as a rollout of its own.',
} as const satisfies Partial<Record<ActionType, string>>;

const DEFAULT_TIMEOUT_SECONDS = 30;

/** `tradewind promote`, `abort`, `retry`, `pause`, `resume`, `undo`: what a person asks the controller for. */
export function registerActions(program: Command): void {
  for (const [type, description] of Object.entries(ACTIONS) as [keyof typeof ACTIONS, string][]) {
    const command = program
      .command(type)
      .description(`${description} Exit code 5 when the controller refuses.`)
      .argument('<name>', 'name of the TradingModel')
      .addOption(
        new Option('--timeout <duration>', 'how long to wait for the answer')
          .argParser(parseDurationSeconds)
          .default(DEFAULT_TIMEOUT_SECONDS, '30s'),
      )
      .option('--no-wait', 'ask, and do not wait for the answer')
      .option('--json', 'print the answer as JSON')
      .option('--dir <dir>', 'ask `tradewind up` that keeps its data there, and no cluster');
    if (type === 'promote') command.option('--full', 'skip all steps and the analysis, not readiness');
    if (type === 'undo')
      command.option(
        '--to-revision <number>',
        'number of the revision, as `history` tells it',
        parseWhole(1),
      );
    withCluster(command).action(async (name: string, flags: ActionFlags) => {
      const { requestAction } = await import('../run/request-action.ts');
      await requestAction(type === 'promote' && flags.full === true ? 'promote-full' : type, name, flags);
    });
  }
}
