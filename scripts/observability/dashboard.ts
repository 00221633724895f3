import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';

import { DATASOURCE } from './panels.ts';

/** Panels under a heading. */
export interface Row {
  readonly title: string;
  readonly panels: readonly Builder<dashboard.Panel>[];
}

/** A variable whose values are those of a label. */
export interface LabelVariable {
  readonly name: string;
  readonly query: string;
  /** Absent where one must be chosen. */
  readonly isAllOffered?: boolean;
}

export interface DashboardOptions {
  readonly uid: string;
  readonly title: string;
  readonly about: string;
  readonly variables: readonly LabelVariable[];
  readonly rows: readonly Row[];
}

/** Limits a query to the namespace that was chosen; a system without namespaces has none, which is among all. */
export const IN_NAMESPACE = 'namespace=~"$namespace"';
export const NAMESPACE: LabelVariable = {
  ...{ name: 'namespace', query: 'label_values(up{job=~".*tradewind.*"}, namespace)', isAllOffered: true },
};

/** A query that gives 0 under the name `none` where it finds nothing: no errors are to be seen as that, not as a panel without data. */
export const orNone = (expr: string, label: string): string =>
  `${expr} or on () label_replace(vector(0), "${label}", "none", "", "")`;

const ALL = { text: 'All', value: '$__all' };

/** A dashboard in the form that Grafana reads from a file. */
export function dashboardOf(options: DashboardOptions): dashboard.Dashboard {
  const { uid, title, about, variables, rows } = options;
  const built = new dashboard.DashboardBuilder(title)
    .uid(uid)
    .description(`${about} Generated from scripts/observability.`)
    .tags(['tradewind'])
    .timezone('browser')
    .refresh('10s')
    .time({ from: 'now-1h', to: 'now' })
    .tooltip(dashboard.DashboardCursorSync.Crosshair)
    .link(
      new dashboard.DashboardLinkBuilder('Tradewind')
        .type(dashboard.DashboardLinkType.Dashboards)
        .tags(['tradewind'])
        .asDropdown(true)
        .includeVars(true)
        .keepTime(true),
    )
    .withVariable(
      new dashboard.DatasourceVariableBuilder('datasource').label('Prometheus').type('prometheus'),
    );
  for (const variable of variables) built.withVariable(labelVariable(variable));
  for (const row of rows) {
    built.withRow(new dashboard.RowBuilder(row.title));
    for (const panel of row.panels) built.withPanel(panel);
  }
  return numbered(built.build());
}

function labelVariable({ name, query, isAllOffered = false }: LabelVariable): dashboard.QueryVariableBuilder {
  const variable = new dashboard.QueryVariableBuilder(name)
    .datasource(DATASOURCE)
    .query({ query, refId: name })
    .refresh(dashboard.VariableRefresh.OnTimeRangeChanged)
    .sort(dashboard.VariableSort.AlphabeticalAsc);
  return isAllOffered ? variable.includeAll(true).allValue('.*').current(ALL) : variable;
}

/** Grafana numbers what has no number when it is saved; a file from a repository must not change then. */
function numbered(built: dashboard.Dashboard): dashboard.Dashboard {
  return { ...built, panels: (built.panels ?? []).map((panel, i) => ({ ...panel, id: i + 1 })) };
}
