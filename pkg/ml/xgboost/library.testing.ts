import { join } from 'node:path';
import type { BoosterLibrary } from '../booster.ts';
import { XgboostUnavailable } from '../errors.ts';
import { findXgboost } from './find.ts';
import { loadXgboost } from './xgboost.ts';

/**
 * The library that tests and benches train with: the one that `XGBOOST_LIBRARY` names, or that `make xgboost` fetched,
 * or the system's; nothing where there is none, so that the tests can say that they are skipped.
 */
export function xgboostForTests(): BoosterLibrary | undefined {
  const cache = process.env['TRADEWIND_CACHE'] ?? join(import.meta.dirname, '../../../.cache');
  try {
    return loadXgboost(
      findXgboost({ named: process.env['XGBOOST_LIBRARY'], wheelFolder: join(cache, 'xgboost') }),
    );
  } catch (error) {
    if (error instanceof XgboostUnavailable) return undefined;
    throw error;
  }
}
