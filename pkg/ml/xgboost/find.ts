import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { XgboostUnavailable } from '../errors.ts';

/** Where to look for the library. */
export interface XgboostPlaces {
  /** What the user named (`XGBOOST_LIBRARY`); then nothing else is tried. */
  readonly named?: string | undefined;
  /** Folder that the wheel `xgboost-cpu` is unpacked into. */
  readonly wheelFolder?: string | undefined;
}

/** Where Debian, Fedora and hand-made builds put the library. */
const SYSTEM_PATHS = [
  '/usr/lib/x86_64-linux-gnu/libxgboost.so',
  '/usr/lib/x86_64-linux-gnu/libxgboost.so.0',
  '/usr/lib/aarch64-linux-gnu/libxgboost.so',
  '/usr/lib/aarch64-linux-gnu/libxgboost.so.0',
  '/usr/lib64/libxgboost.so',
  '/usr/local/lib/libxgboost.so',
  '/opt/homebrew/lib/libxgboost.dylib',
  '/usr/local/lib/libxgboost.dylib',
] as const;

/**
 * Path of the XGBoost library: the one named, else the unpacked wheel, else the system's. The wheel comes before the
 * system because its version is known, and the version decides the digest of a model.
 *
 * @throws {XgboostUnavailable} There is none.
 */
export function findXgboost({ named, wheelFolder }: XgboostPlaces): string {
  if (named !== undefined && named !== '') {
    if (existsSync(named)) return named;
    throw new XgboostUnavailable([named], 'the file named does not exist');
  }
  const inWheel = wheelFolder === undefined ? [] : [join(wheelFolder, 'xgboost', 'lib', 'libxgboost.so')];
  const tried = [...inWheel, ...SYSTEM_PATHS];
  const found = tried.find((path) => existsSync(path));
  if (found === undefined) throw new XgboostUnavailable(tried, 'none was found');
  return found;
}
