import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  LegendDisplayMode,
  LegendPlacement,
  StackingMode,
  TooltipDisplayMode,
} from '@grafana/grafana-foundation-sdk/common';
import * as bargauge from '@grafana/grafana-foundation-sdk/bargauge';
import * as common from '@grafana/grafana-foundation-sdk/common';
import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import * as stat from '@grafana/grafana-foundation-sdk/stat';
import * as statetimeline from '@grafana/grafana-foundation-sdk/statetimeline';
import * as timeseries from '@grafana/grafana-foundation-sdk/timeseries';

/** A query, and how its series are called. */
export type Query = readonly [expr: string, legend: string];

/** From this value on, this colour; the first value is the least there is. */
export type Threshold = readonly [from: number | null, colour: string];

export interface PanelOptions {
  readonly title: string;
  /** What it shows and what is good or bad; people read it under the pointer. */
  readonly about: string;
  readonly queries: readonly Query[];
  /** As Grafana names it; `short` unless given. */
  readonly unit?: string;
  /** Of 24 columns; 8 unless given. */
  readonly width?: number;
  readonly height?: number;
  readonly min?: number;
  readonly max?: number;
  readonly decimals?: number;
  readonly thresholds?: readonly Threshold[];
  /** Words for values. */
  readonly words?: Readonly<Record<number, { readonly text: string; readonly color: string }>>;
}

export const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };
const HEIGHT = 8;

const targets = (queries: readonly Query[], isInstant: boolean): DataqueryBuilder[] =>
  queries.map(([expr, legend], i) => {
    const query = new DataqueryBuilder()
      .expr(expr)
      .legendFormat(legend)
      .refId(String.fromCodePoint(65 + i));
    return isInstant ? query.instant() : query.range();
  });

const thresholdsOf = (steps: readonly Threshold[]): dashboard.ThresholdsConfigBuilder =>
  new dashboard.ThresholdsConfigBuilder()
    .mode(dashboard.ThresholdsMode.Absolute)
    .steps(steps.map(([value, color]) => ({ value, color })));

/** What every kind of panel has in common. */
type Common =
  | timeseries.PanelBuilder
  | stat.PanelBuilder
  | bargauge.PanelBuilder
  | statetimeline.PanelBuilder;

function described<T extends Common>(panel: T, options: PanelOptions): T {
  const { title, about, unit = 'short', width = 8, height = HEIGHT, min, max, decimals, words } = options;
  panel.title(title).description(about).unit(unit).span(width).height(height).datasource(DATASOURCE);
  if (min !== undefined) panel.min(min);
  if (max !== undefined) panel.max(max);
  if (decimals !== undefined) panel.decimals(decimals);
  if (options.thresholds !== undefined) panel.thresholds(thresholdsOf(options.thresholds));
  if (words !== undefined)
    panel.mappings([{ type: dashboard.MappingType.ValueToText, options: { ...words } }]);
  return panel;
}

const legend = (): common.VizLegendOptionsBuilder =>
  new common.VizLegendOptionsBuilder()
    .displayMode(LegendDisplayMode.List)
    .placement(LegendPlacement.Bottom)
    .showLegend(true);

/** Lines over time; thresholds are drawn as lines too. */
export function lines(options: PanelOptions & { readonly isStacked?: boolean }): Builder<dashboard.Panel> {
  const panel = described(new timeseries.PanelBuilder(), { min: 0, ...options })
    .targets(targets(options.queries, false))
    .lineWidth(1)
    .fillOpacity(options.isStacked === true ? 60 : 8)
    .showPoints(common.VisibilityMode.Never)
    .legend(legend())
    .tooltip(
      new common.VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(common.SortOrder.Descending),
    );
  if (options.isStacked === true)
    panel.stacking(new common.StackingConfigBuilder().mode(StackingMode.Normal).group('A'));
  if (options.thresholds !== undefined)
    panel.thresholdsStyle(
      new common.GraphThresholdsStyleConfigBuilder().mode(common.GraphThresholdsStyleMode.Dashed),
    );
  return panel;
}

const last = (): common.ReduceDataOptionsBuilder =>
  new common.ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false).fields('');

/** The newest values as figures. */
export function figures(options: PanelOptions): Builder<dashboard.Panel> {
  return described(new stat.PanelBuilder(), options)
    .targets(targets(options.queries, true))
    .reduceOptions(last())
    .colorMode(common.BigValueColorMode.Value)
    .graphMode(common.BigValueGraphMode.None)
    .textMode(common.BigValueTextMode.ValueAndName)
    .colorScheme(new dashboard.FieldColorBuilder().mode(dashboard.FieldColorModeId.Thresholds));
}

/** The newest values as bars beside each other. */
export function bars(options: PanelOptions): Builder<dashboard.Panel> {
  return described(new bargauge.PanelBuilder(), options)
    .targets(targets(options.queries, true))
    .reduceOptions(last())
    .orientation(common.VizOrientation.Horizontal)
    .displayMode(common.BarGaugeDisplayMode.Basic)
    .colorScheme(new dashboard.FieldColorBuilder().mode(dashboard.FieldColorModeId.Thresholds));
}

/** States over time, each value in words. */
export function states(
  options: PanelOptions & { readonly words: NonNullable<PanelOptions['words']> },
): Builder<dashboard.Panel> {
  return described(new statetimeline.PanelBuilder(), options)
    .targets(targets(options.queries, false))
    .fillOpacity(80)
    .lineWidth(0)
    .legend(legend())
    .colorScheme(new dashboard.FieldColorBuilder().mode(dashboard.FieldColorModeId.Thresholds));
}
