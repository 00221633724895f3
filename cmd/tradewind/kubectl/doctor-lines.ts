import type { Finding } from '../../../pkg/operator/doctor/finding.ts';
import type { Ink } from './ink.ts';

/** A line for each finding, with what to do at its end, and one that counts them. */
export function doctorLines(
  namespace: string,
  findings: readonly Finding[],
  unseen: readonly string[],
  ink: Ink,
): readonly string[] {
  const faults = findings.filter(({ severity }) => severity === 'fault').length;
  const counted = `${plural(faults, 'fault')}, ${plural(findings.length - faults, 'warning')}`;
  return [
    ...findings.map((finding) => lineOf(finding, ink)),
    ...(unseen.length === 0 ? [] : [ink(`not looked at: ${unseen.join(', ')}`, 'warn')]),
    ink(`namespace ${namespace}: ${counted}`, faults > 0 ? 'bad' : findings.length > 0 ? 'warn' : 'good'),
  ];
}

function lineOf({ severity, reason, object, message, fix, count }: Finding, ink: Ink): string {
  const others = count === 1 ? '' : ` (and ${count - 1} alike)`;
  const head = ink(`${severity} ${reason}`, severity === 'fault' ? 'bad' : 'warn');
  return `${head}  ${ink(object, 'strong')}${others}: ${message} ${ink('→', 'dim')} ${fix}`;
}

const plural = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;
