/** Data to pixels, for what is drawn over a chart without drawing the chart again. */
export interface Plot {
  readonly x: (value: number) => number;
  readonly y: (value: number) => number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

export interface PlotBox {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Linear in both directions; `from` at the left and at the bottom. */
export function linearPlot(box: PlotBox, x: { readonly from: number; readonly to: number }, y: { readonly from: number; readonly to: number }): Plot {
  return {
    ...box,
    x: (value) => box.left + ((value - x.from) / (x.to - x.from)) * (box.right - box.left),
    y: (value) => box.bottom - ((value - y.from) / (y.to - y.from)) * (box.bottom - box.top),
  };
}
