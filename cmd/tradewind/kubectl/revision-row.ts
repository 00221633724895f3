import type { Pod } from '../../../pkg/operator/kinds.ts';
import type { ModelState, RevisionStatus } from '../../../pkg/tradingmodel/status.ts';
import type { Tone } from './ink.ts';
import { podRow } from './pod-row.ts';
import type { Branch, Cell } from './tree.ts';

const STATE_TONES: Readonly<Record<ModelState, Tone>> = {
  ...{ pending: 'dim', fetching: 'warn', verifying: 'warn', loading: 'warn' },
  ...{ warm: 'good', failed: 'bad' },
};

/**
 * The line of a revision, with what it answers, its last failure and its pods below.
 *
 * @param symbols - Declared symbols that it answers now; nothing where that is not known.
 */
export function revisionRow(
  revision: RevisionStatus,
  pods: readonly Pod[],
  symbols: readonly string[] | undefined,
): Branch {
  const { number, version, role, name, replicas, readyReplicas, modelState } = revision;
  const hasPods = replicas > 0 || pods.length > 0;
  const state: Cell = hasPods ? { text: modelState, tone: STATE_TONES[modelState] ?? 'plain' } : { text: '' };
  return {
    cells: [
      { text: `#${number}`, tone: 'strong' },
      { text: version },
      { text: role, tone: role === 'kept' ? 'dim' : 'strong' },
      { text: trafficText(revision) },
      hasPods
        ? { text: `${readyReplicas}/${replicas} ready`, tone: readyReplicas < replicas ? 'warn' : 'good' }
        : { text: 'no pods', tone: 'dim' },
      state,
      { text: name, tone: 'dim' },
    ],
    children: [
      ...symbolRows(revision, symbols),
      ...failureRows(revision),
      ...pods.toSorted(byName).map(podRow),
    ],
  };
}

function trafficText({ weight, isShadow, role }: RevisionStatus): string {
  if (isShadow === true) return weight === 0 ? 'shadow' : `${weight} % and shadow`;
  return role === 'kept' && weight === 0 ? '-' : `${weight} %`;
}

/** Of an update alone: what stable answers is the rest. */
function symbolRows(
  { role, weight }: RevisionStatus,
  symbols: readonly string[] | undefined,
): readonly Branch[] {
  if (role !== 'update' || weight === 0 || symbols === undefined) return [];
  const text =
    symbols.length === 0 ? 'answers no declared symbol' : `answers ${symbols.toSorted().join(' ')}`;
  return [{ cells: [{ text }] }];
}

function failureRows({ lastFailure }: RevisionStatus): readonly Branch[] {
  if (lastFailure === undefined) return [];
  const { reason, message, pod, time } = lastFailure;
  const text = `failed at ${time}${pod === undefined ? '' : ` in ${pod}`}: ${reason}: ${message}`;
  return [{ cells: [{ text, tone: 'bad' }] }];
}

const byName = (a: Pod, b: Pod): number => (a.metadata.name < b.metadata.name ? -1 : 1);
