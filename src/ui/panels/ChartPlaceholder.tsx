export function ChartPlaceholder({ text }: { readonly text: string }) {
  return (
    <div className="chart placeholder">
      <p className="mute">{text}</p>
    </div>
  );
}
