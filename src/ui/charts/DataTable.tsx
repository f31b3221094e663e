import type { ChartTable } from './ChartCard.tsx';

/** A chart's numbers, for those who would rather read them. */
export function DataTable({ caption, table: { header, rows } }: { readonly caption: string; readonly table: ChartTable }) {
  return (
    <table>
      <caption className="sr-only">{caption}</caption>
      <thead>
        <tr>
          {header.map((cell) => (
            <th key={cell} scope="col">
              {cell}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.join()}>
            {row.map((cell, i) => (
              <td key={header[i]}>{cell}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
