import type { Condition } from '../../../pkg/tradingmodel/status.ts';
import type { Tone } from './ink.ts';
import type { Branch } from './tree.ts';

/** Two are True only while something is wrong or in the making; every other is good when True. */
function conditionTone({ type, status }: Condition): Tone {
  if (type === 'Stalled') return status === 'True' ? 'bad' : 'good';
  if (type === 'Reconciling') return status === 'True' ? 'warn' : 'good';
  return status === 'True' ? 'good' : status === 'False' ? 'bad' : 'warn';
}

/** Every condition with its reason. */
export function conditionRows(conditions: readonly Condition[]): readonly Branch[] {
  if (conditions.length === 0) return [];
  const children = conditions.map((condition) => ({
    cells: [
      { text: condition.type },
      { text: condition.status, tone: conditionTone(condition) },
      { text: condition.reason },
      { text: condition.message, tone: 'dim' as const },
    ],
  }));
  return [{ cells: [{ text: 'conditions' }], children }];
}
