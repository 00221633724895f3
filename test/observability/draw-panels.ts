import type { Series } from '../servers/prometheus.ts';
import { legendOf, type PanelJson } from './dashboard-panels.ts';

/** A panel with what its queries gave. */
export interface DrawnPanel {
  readonly panel: PanelJson;
  /** By query. */
  readonly answers: readonly (readonly Series[])[];
}

interface Line {
  readonly name: string;
  readonly points: readonly (readonly [number, number])[];
}

const COLOURS = [
  '#73bf69',
  '#5794f2',
  '#ff9830',
  '#b877d9',
  '#f2cc0c',
  '#e02f44',
  '#8ab8ff',
  '#96d98d',
  '#ffb357',
];
const SHADES: Readonly<Record<string, string>> = {
  ...{
    green: '#73bf69',
    red: '#f2495c',
    yellow: '#f2cc0c',
    orange: '#ff9830',
    blue: '#5794f2',
    gray: '#8e8e8e',
  },
};
const COLUMN = 50;
const ROW = 30;
const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/**
 * A page that shows panels as a dashboard lays them out: what Grafana would draw, roughly, for people to look at where there is no Grafana. Says nothing
 * of how Grafana itself reads the file.
 */
export function dashboardPage(title: string, drawn: readonly DrawnPanel[]): string {
  const height = Math.max(...drawn.map(({ panel: { gridPos } }) => gridPos.y + gridPos.h)) * ROW;
  return `<!doctype html><meta charset="utf-8"><title>${escaped(title)}</title><style>
body{margin:8px;background:#111217;color:#ccccdc;font:12px sans-serif}h1{font-size:18px;margin:4px}
main{position:relative;width:${24 * COLUMN}px;height:${height}px}
section{position:absolute;box-sizing:border-box;padding:4px;overflow:hidden}
section>div{background:#181b1f;border:1px solid #2a2d33;height:100%;box-sizing:border-box;padding:4px;overflow:hidden}
h2{font-size:12px;margin:0 0 2px;font-weight:600}.row{font-size:14px;font-weight:600;padding:6px}
.legend{font-size:10px;line-height:13px;max-height:39px;overflow:hidden}.legend b{display:inline-block;width:10px;height:3px;margin:2px 4px 2px 8px}
.figures{display:flex;flex-wrap:wrap;gap:12px;padding:10px}.figures big{font-size:24px;display:block}
.bar{margin:4px 0;font-size:11px}.bar i{display:block;height:12px}</style>
<h1>${escaped(title)}</h1><main>${drawn.map(place).join('\n')}</main>`;
}

function place(drawn: DrawnPanel): string {
  const { x, y, w, h } = drawn.panel.gridPos;
  const box = `left:${x * COLUMN}px;top:${y * ROW}px;width:${w * COLUMN}px;height:${h * ROW}px`;
  if (drawn.panel.type === 'row')
    return `<section style="${box}" class="row">${escaped(drawn.panel.title)}</section>`;
  const inner = { width: w * COLUMN - 20, height: h * ROW - 75 };
  return `<section style="${box}" data-panel="${drawn.panel.id}"><div><h2>${escaped(drawn.panel.title)}</h2>${bodyOf(drawn, inner)}</div></section>`;
}

function bodyOf(drawn: DrawnPanel, size: { readonly width: number; readonly height: number }): string {
  const lines = linesOf(drawn);
  switch (drawn.panel.type) {
    case 'stat':
      return `<div class="figures">${lines.map((line) => figure(drawn.panel, line)).join('')}</div>`;
    case 'bargauge':
      return lines.map((line) => bar(drawn.panel, line)).join('');
    case 'state-timeline':
      return stateLanes(drawn.panel, lines, size);
    default:
      return chart(drawn.panel, lines, size);
  }
}

function linesOf({ panel, answers }: DrawnPanel): readonly Line[] {
  return answers.flatMap((series, i) =>
    series.map(({ metric, points }) => ({ name: legendOf(panel.targets![i]!.legendFormat, metric), points })),
  );
}

const defaultsOf = (panel: PanelJson) => panel.fieldConfig?.defaults ?? {};
const lastOf = ({ points }: Line): number => points.at(-1)?.[1] ?? Number.NaN;

/** A value as people read it. */
function textOf(panel: PanelJson, value: number): string {
  const { unit, decimals = 2, mappings } = defaultsOf(panel);
  const word = mappings?.[0]?.options[String(value)];
  if (word !== undefined) return word.text;
  if (unit === 'percentunit') return `${Number((value * 100).toFixed(decimals))} %`;
  if (unit === 's')
    return value < 1 ? `${Number((value * 1000).toPrecision(3))} ms` : `${Number(value.toPrecision(3))} s`;
  if (unit === 'bytes') return `${(value / 1024 ** 2).toFixed(0)} MiB`;
  return String(Number(value.toPrecision(3)));
}

function shadeOf(panel: PanelJson, value: number): string {
  const { thresholds, mappings } = defaultsOf(panel);
  const word = mappings?.[0]?.options[String(value)];
  const step = thresholds?.steps.findLast((each) => each.value === null || value >= each.value);
  return SHADES[word?.color ?? step?.color ?? 'green'] ?? '#888';
}

function figure(panel: PanelJson, line: Line): string {
  const value = lastOf(line);
  return `<div><big style="color:${shadeOf(panel, value)}">${textOf(panel, value)}</big>${escaped(line.name)}</div>`;
}

function bar(panel: PanelJson, line: Line): string {
  const { min = 0, max = 1 } = defaultsOf(panel);
  const value = lastOf(line);
  const share = Math.min(1, Math.max(0.01, (value - min) / (max - min)));
  return `<div class="bar">${escaped(line.name)}: ${textOf(panel, value)}<i style="width:${share * 95}%;background:${shadeOf(panel, value)}"></i></div>`;
}

function spanOf(lines: readonly Line[]): readonly [number, number] {
  const times = lines.flatMap(({ points }) => points.map(([time]) => time));
  return [Math.min(...times), Math.max(...times, Math.min(...times) + 1)];
}

function stateLanes(
  panel: PanelJson,
  lines: readonly Line[],
  { width, height }: { width: number; height: number },
): string {
  const [from, to] = spanOf(lines);
  const lane = Math.min(26, height / Math.max(1, lines.length));
  const x = (time: number): number => 170 + ((time - from) / (to - from)) * (width - 170);
  const parts = lines.map(({ name, points }, i) => {
    const blocks = points.map(
      ([time, value], k) =>
        `<rect x="${x(time)}" y="${i * lane + 2}" width="${Math.max(1, x(points[k + 1]?.[0] ?? time) - x(time) + 0.5)}" height="${lane - 4}" fill="${shadeOf(panel, value)}"/>`,
    );
    const word = textOf(panel, points.at(-1)?.[1] ?? Number.NaN);
    return `${blocks.join('')}<text x="0" y="${i * lane + lane / 2 + 4}" fill="#ccc" font-size="10">${escaped(name.slice(0, 30))}</text><text x="${width - 4}" y="${i * lane + lane / 2 + 4}" text-anchor="end" font-size="10">${escaped(word)}</text>`;
  });
  return `<svg width="${width}" height="${Math.max(height, lane * lines.length)}">${parts.join('')}</svg>`;
}

function chart(
  panel: PanelJson,
  given: readonly Line[],
  { width, height }: { width: number; height: number },
): string {
  const { min: least, max: most, thresholds, custom } = defaultsOf(panel);
  const isStacked = custom?.stacking?.mode === 'normal';
  const lines = isStacked ? stacked(given) : given;
  const values = lines.flatMap(({ points }) => points.map(([, value]) => value)).filter(Number.isFinite);
  const min = Math.min(least ?? Infinity, ...values);
  const top = most ?? Math.max(...values);
  const max = top > min ? top : min + 1;
  const [from, to] = spanOf(lines);
  const x = (time: number): number => 52 + ((time - from) / (to - from)) * (width - 56);
  const y = (value: number): number =>
    height - 4 - ((Math.min(value, max) - min) / (max - min)) * (height - 10);
  const grid = [min, (min + max) / 2, max].map(
    (value) =>
      `<line x1="52" x2="${width}" y1="${y(value)}" y2="${y(value)}" stroke="#2a2d33"/><text x="48" y="${y(value) + 4}" text-anchor="end" fill="#8e8e8e" font-size="10">${textOf(panel, value)}</text>`,
  );
  const limits = (thresholds?.steps ?? [])
    .filter((step) => step.value !== null && step.value >= min && step.value <= max)
    .map(
      ({ value, color }) =>
        `<line x1="52" x2="${width}" y1="${y(value!)}" y2="${y(value!)}" stroke="${SHADES[color] ?? '#888'}" stroke-dasharray="4 4"/>`,
    );
  const paths = lines.map(({ points }, i) => {
    const path = points
      .filter(([, value]) => Number.isFinite(value))
      .map(([time, value]) => `${x(time).toFixed(1)},${y(value).toFixed(1)}`);
    return `<polyline fill="none" stroke="${COLOURS[i % COLOURS.length]}" stroke-width="1.5" points="${path.join(' ')}"/>`;
  });
  const legend = given.map(
    (line, i) =>
      `<b style="background:${COLOURS[i % COLOURS.length]}"></b>${escaped(line.name)} ${textOf(panel, lastOf(line))}`,
  );
  return `<svg width="${width}" height="${height}">${grid.join('')}${limits.join('')}${paths.join('')}</svg><div class="legend">${legend.join(' ')}</div>`;
}

/** Each on top of the ones before. */
function stacked(lines: readonly Line[]): readonly Line[] {
  const below = new Map<number, number>();
  return lines.map(({ name, points }) => ({
    name,
    points: points.map(([time, value]) => {
      const top = (below.get(time) ?? 0) + (Number.isFinite(value) ? value : 0);
      below.set(time, top);
      return [time, top] as const;
    }),
  }));
}
