import { Counter, Gauge, type Registry } from 'prom-client';

import type { TableName } from '../history/schema.ts';

/** What the recorder tells of its inserts. */
export interface RecorderObserver {
  readonly onWritten: (table: TableName, rows: number) => void;
  /** A try failed and will be repeated. */
  readonly onFailed: (table: TableName) => void;
}

/** What the recorder tells, as metrics in `registry`. */
export function recorderMetrics(registry: Registry): RecorderObserver {
  const registers = [registry];
  const rows = new Counter({
    name: 'tradewind_recorder_rows_total',
    help: 'Rows that history has taken, by table.',
    labelNames: ['table'],
    registers,
  });
  const failed = new Counter({
    name: 'tradewind_recorder_failed_inserts_total',
    help: 'Inserts that failed and are repeated, by table.',
    labelNames: ['table'],
    registers,
  });
  const isAway = new Gauge({
    name: 'tradewind_recorder_history_away',
    help: '1 while the last try to write has failed, else 0.',
    registers,
  });
  isAway.set(0);
  return {
    onWritten: (table, count) => {
      rows.inc({ table }, count);
      isAway.set(0);
    },
    onFailed: (table) => {
      failed.inc({ table });
      isAway.set(1);
    },
  };
}
