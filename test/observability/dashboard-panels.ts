import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A panel as a dashboard's file has it, as far as tests read it. */
export interface PanelJson {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly fieldConfig?: {
    readonly defaults: {
      readonly unit?: string;
      readonly min?: number;
      readonly max?: number;
      readonly decimals?: number;
      readonly thresholds?: {
        readonly steps: readonly { readonly value: number | null; readonly color: string }[];
      };
      readonly mappings?: readonly {
        readonly options: Readonly<Record<string, { readonly text: string; readonly color: string }>>;
      }[];
      readonly custom?: { readonly stacking?: { readonly mode: string } };
    };
  };
  readonly targets?: readonly {
    readonly refId: string;
    readonly expr: string;
    readonly legendFormat: string;
    readonly instant?: boolean;
  }[];
}

export interface DashboardJson {
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly PanelJson[];
}

const FOLDER = join(import.meta.dirname, '../../deploy/grafana/dashboards');

/** Every dashboard, by the name of its file. */
export const DASHBOARDS: ReadonlyMap<string, DashboardJson> = new Map(
  readdirSync(FOLDER).map((file) => [
    file.replace('.json', ''),
    JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as DashboardJson,
  ]),
);

/** A query with the variables of its dashboard chosen. */
export function chosen(expr: string, variables: Readonly<Record<string, string>>): string {
  const text = Object.entries(variables).reduce(
    (query, [name, value]) => query.replaceAll(`$${name}`, value),
    expr,
  );
  if (text.includes('$')) throw new Error(`every variable must have a value: ${text}`);
  return text;
}

/** Name of a series as the legend of its query spells it. */
export function legendOf(format: string, labels: Readonly<Record<string, string>>): string {
  return format
    .replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => labels[name] ?? '')
    .replaceAll(/ +/g, ' ')
    .trim();
}
