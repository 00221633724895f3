import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** An authority, or a certificate that one has signed: PEM files of certificate and key. */
export interface TestCertificate {
  readonly certFile: string;
  readonly keyFile: string;
}

/** Makes a new authority in a folder; needs openssl. */
export function makeAuthority(folder: string, name: string): TestCertificate {
  const [keyFile, certFile] = [join(folder, `${name}.key`), join(folder, `${name}.pem`)];
  openssl(
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
    ...['-keyout', keyFile, '-out', certFile, '-subj', `/CN=${name}`],
    ...['-addext', 'basicConstraints=critical,CA:TRUE'],
  );
  return { certFile, keyFile };
}

export interface SignOptions {
  /** Names that it holds for, as openssl writes them. */
  readonly names?: string;
  /** Its time ended yesterday. */
  readonly isExpired?: boolean;
}

/** Makes a certificate that an authority has signed. */
export function sign(
  folder: string,
  name: string,
  authority: TestCertificate,
  { names = 'IP:127.0.0.1,DNS:localhost', isExpired = false }: SignOptions = {},
): TestCertificate {
  const file = (ending: string): string => join(folder, `${name}.${ending}`);
  const [keyFile, certFile] = [file('key'), file('pem')];
  openssl(
    ...['req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', keyFile],
    ...['-out', file('csr'), '-subj', `/CN=${name}`],
  );
  writeFileSync(file('ext'), `subjectAltName=${names}\n`);
  openssl(
    ...['x509', '-req', '-in', file('csr'), '-CA', authority.certFile, '-CAkey', authority.keyFile],
    ...['-CAcreateserial', '-out', certFile, '-extfile', file('ext')],
    ...['-days', isExpired ? '-1' : '2'],
  );
  return { certFile, keyFile };
}

const openssl = (...args: readonly string[]): void => void execFileSync('openssl', args, { stdio: 'pipe' });
