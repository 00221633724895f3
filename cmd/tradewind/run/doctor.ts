import { diagnose } from '../../../pkg/operator/doctor/diagnose.ts';
import { readInstallation } from '../../../pkg/operator/doctor/read-installation.ts';
import { readinessOf } from '../../../pkg/operator/doctor/read-readiness.ts';
import { systemScheduler } from '../../../pkg/operator/runtime/scheduler.ts';
import { VERSION } from '../../../pkg/runtime/version.ts';
import type { DoctorFlags } from '../commands/doctor.ts';
import { openCluster } from '../kubectl/cluster.ts';
import { doctorLines } from '../kubectl/doctor-lines.ts';
import { InstallationFaulty } from '../kubectl/errors.ts';
import { inkFor } from '../kubectl/ink.ts';
import { printJson } from '../output.ts';

/**
 * Prints what is wrong with the installation in a namespace.
 *
 * @throws {InstallationFaulty} Something is.
 * @throws {KubeconfigInvalid | KubeError}
 */
export async function runDoctor(flags: DoctorFlags): Promise<void> {
  const { client, namespace, access, userAgent } = openCluster(flags);
  const seen = await readInstallation({
    ...{ client, namespace, version: VERSION, scheduler: systemScheduler },
    readinessOf: (pod) => readinessOf(access, userAgent, namespace, pod),
  });
  const findings = diagnose(seen);
  const faults = findings.filter(({ severity }) => severity === 'fault').length;
  const { unseen } = seen;
  if (flags.json === true) {
    printJson({ namespace, faults, warnings: findings.length - faults, unseen, findings });
  } else {
    const lines = doctorLines(namespace, findings, unseen, inkFor(process.stdout, process.env));
    process.stdout.write(`${lines.join('\n')}\n`);
  }
  if (faults > 0) throw new InstallationFaulty(namespace, faults);
}
