import { type Finding, lint } from '../../../pkg/tradingmodel/lint.ts';
import type { LintFlags } from '../commands/lint.ts';
import { ResourceInvalid } from '../errors.ts';
import { printJson } from '../output.ts';
import { readText } from '../read-text.ts';

/** Prints what is wrong with manifests. @throws {ResourceInvalid} Something is. */
export async function lintFiles(paths: readonly string[], { json, strict }: LintFlags): Promise<void> {
  const files = await Promise.all(paths.map(async (name) => ({ name, text: await readText(name) })));
  const { findings, checked, skipped } = lint(files);
  const warnings = findings.filter(({ severity }) => severity === 'warning').length;
  const faults = findings.length - warnings;
  if (json === true) printJson({ faults, warnings, checked, skipped, findings });
  else {
    const others = skipped === 0 ? '' : `, ${skipped} of other kinds skipped`;
    process.stdout.write(
      `${findings.map(line).join('')}${plural(checked, 'object')} checked${others}: ${plural(faults, 'fault')}, ${plural(warnings, 'warning')}\n`,
    );
  }
  if (faults > 0 || (strict === true && warnings > 0)) throw new ResourceInvalid(faults, warnings);
}

const plural = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

function line({ file, line, object, field, severity, message }: Finding): string {
  const place = field === '' ? '' : ` ${field}`;
  const whose = object === '' ? '' : ` (${object})`;
  return `${file}:${line}:${severity === 'warning' ? ' warning:' : ''}${place}: ${message}${whose}\n`;
}
