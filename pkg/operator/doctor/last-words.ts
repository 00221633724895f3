import { EXIT_CODES } from '../../runtime/errors.ts';
import type { Ended } from './installation.ts';

/** Why a process ended, as far as its container tells. */
export interface LastWords {
  /** Code of docs/reference/errors.md. */
  readonly code?: string;
  readonly text: string;
}

/** `tradewind: KafkaUnavailable: brokers must answer, …`: the one line that a process ends with. */
const LINE = /^tradewind: (?<code>[A-Z][A-Za-z0-9]*): (?<text>.*)$/;

const KINDS = new Map<number, string>(Object.entries(EXIT_CODES).map(([kind, code]) => [code, kind]));

/**
 * What a container ended with: the error in its last lines, else what its exit code stands for.
 *
 * @param isTradewind - Whether exit codes are those of Tradewind.
 */
export function lastWords({ exitCode, reason, message = '' }: Ended, isTradewind: boolean): LastWords {
  const lines = message.trim().split('\n');
  const told = lines.map((line) => LINE.exec(line)?.groups).findLast((groups) => groups !== undefined);
  if (told !== undefined) return { code: told['code']!, text: `${told['code']}: ${told['text']}` };
  const kind = isTradewind ? KINDS.get(exitCode) : undefined;
  const meaning = kind === undefined ? (reason ?? 'Error') : `an error of kind ${kind}`;
  const last = lines.at(-1)!;
  return { text: `exit code ${exitCode}, ${meaning}${last === '' ? '' : `: ${last}`}` };
}
