/** Plots as SVG, by hand; their colours follow the reader's scheme. */
export interface Panel {
  readonly title: string;
  /** The places on the horizontal axis, evenly apart. */
  readonly places: readonly string[];
  readonly lines: readonly Line[];
}

export interface Line {
  readonly name: string;
  /** One a place; null is a gap. */
  readonly values: readonly (number | null)[];
}

export interface Axis {
  readonly label: string;
  readonly ticks: readonly number[];
  readonly show: (value: number) => string;
}

const WIDTH = 780;
const PANEL_HEIGHT = 170;
const LEFT = 56;
const TOP = 64;
const GAP = 18;
const COLOURS = 4;

const STYLE = `<style>
  text { font: 12px sans-serif; fill: #24292f; }
  .title { font-size: 14px; font-weight: bold; }
  .grid { stroke: #d0d7de; }
  .limit { stroke: #cf222e; stroke-dasharray: 5 4; }
  .line { fill: none; stroke-width: 2; }
  .c0 { stroke: #0969da; } .f0 { fill: #0969da; }
  .c1 { stroke: #bc4c00; } .f1 { fill: #bc4c00; }
  .c2 { stroke: #1a7f37; } .f2 { fill: #1a7f37; }
  .c3 { stroke: #8250df; } .f3 { fill: #8250df; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .grid { stroke: #484f58; }
    .limit { stroke: #ff7b72; }
    .c0 { stroke: #58a6ff; } .f0 { fill: #58a6ff; }
    .c1 { stroke: #f0883e; } .f1 { fill: #f0883e; }
    .c2 { stroke: #56d364; } .f2 { fill: #56d364; }
    .c3 { stroke: #bc8cff; } .f3 { fill: #bc8cff; }
  }
</style>`;

/** Panels side by side over one vertical axis, each with the same lines. */
export function linePlot(title: string, axis: Axis, panels: readonly Panel[]): string {
  const width = (WIDTH - LEFT - GAP * (panels.length - 1)) / panels.length;
  const y = heightOf(axis);
  const drawn = panels.map(({ title: name, places, lines }, index) => {
    const left = LEFT + index * (width + GAP);
    const x = (place: number): number => left + ((place + 0.5) * width) / places.length;
    const marks = lines.flatMap(({ values }, at) => {
      const points = values.flatMap((value, place) =>
        value === null ? [] : [[x(place).toFixed(1), y(value).toFixed(1)] as const],
      );
      const path = points.map((point) => point.join(',')).join(' ');
      return [
        `<polyline class="line c${at % COLOURS}" points="${path}"/>`,
        ...points.map(
          ([cx, cy]) => `<circle class="f${at % COLOURS}" cx="${cx}" cy="${cy}" r="3"/>`,
        ),
      ];
    });
    const labels = places.map((place, at) => textAt(x(at), TOP + PANEL_HEIGHT + 18, place));
    const head = textAt(left + width / 2, TOP - 8, name);
    return [gridOf(axis, left, left + width), ...marks, ...labels, head].join('\n');
  });
  const names = panels[0]?.lines.map(({ name }) => name) ?? [];
  return page(title, axis, names, drawn, TOP + PANEL_HEIGHT + 30);
}

/** Bars side by side at each place, and the limit that they are to stay below. */
export function barPlot(title: string, axis: Axis, panel: Panel, limit: number): string {
  const y = heightOf(axis);
  const right = WIDTH - GAP;
  const slot = (right - LEFT) / panel.places.length;
  const bar = (slot * 0.8) / panel.lines.length;
  const bottom = TOP + PANEL_HEIGHT;
  const bars = panel.lines.flatMap(({ values }, at) =>
    values.flatMap((value, place) => {
      if (value === null) return [];
      const x = (LEFT + place * slot + slot * 0.1 + at * bar).toFixed(1);
      const top = y(value);
      const size = `width="${(bar - 1).toFixed(1)}" height="${(bottom - top).toFixed(1)}"`;
      return [`<rect class="f${at % COLOURS}" x="${x}" y="${top.toFixed(1)}" ${size}/>`];
    }),
  );
  const labels = panel.places.map((place, at) =>
    place
      .split(', ')
      .map((word, line) => textAt(LEFT + (at + 0.5) * slot, bottom + 18 + 14 * line, word))
      .join('\n'),
  );
  const at = y(limit).toFixed(1);
  const line = `<line class="limit" x1="${LEFT}" x2="${right}" y1="${at}" y2="${at}"/>`;
  const names = panel.lines.map(({ name }) => name);
  return page(
    title,
    axis,
    names,
    [gridOf(axis, LEFT, right), ...bars, line, ...labels],
    bottom + 60,
  );
}

function heightOf({ ticks }: Axis): (value: number) => number {
  const highest = Math.max(...ticks);
  return (value) => TOP + PANEL_HEIGHT * (1 - Math.min(value, highest) / highest);
}

function gridOf(axis: Axis, left: number, right: number): string {
  const y = heightOf(axis);
  return axis.ticks
    .map((tick) => {
      const at = y(tick).toFixed(1);
      const from = left.toFixed(1);
      return `<line class="grid" x1="${from}" x2="${right.toFixed(1)}" y1="${at}" y2="${at}"/>`;
    })
    .join('\n');
}

function page(
  title: string,
  axis: Axis,
  names: readonly string[],
  drawn: readonly string[],
  height: number,
): string {
  const y = heightOf(axis);
  const ticks = axis.ticks.map((tick) => textAt(LEFT - 6, y(tick) + 4, axis.show(tick), 'end'));
  const legend = names.map((name, at) => {
    const left = LEFT + 230 + at * 180;
    return (
      `<rect class="f${at % COLOURS}" x="${left}" y="8" width="12" height="12"/>` +
      textAt(left + 18, 19, name, 'start')
    );
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img">`,
    `<title>${title}</title>`,
    STYLE,
    `<text class="title" x="8" y="20">${title}</text>`,
    textAt(8, 40, axis.label, 'start'),
    ...ticks,
    ...legend,
    ...drawn,
    '</svg>',
    '',
  ].join('\n');
}

function textAt(x: number, y: number, text: string, anchor = 'middle'): string {
  const at = `x="${x.toFixed(1)}" y="${y.toFixed(1)}"`;
  return `<text ${at} text-anchor="${anchor}">${text}</text>`;
}
