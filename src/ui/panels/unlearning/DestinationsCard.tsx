import { useEffect, useMemo, useState } from 'react';
import { percent } from '../../../lab/format.ts';
import { destinations, destinationsTitle } from '../../../lab/unlearning/findings.ts';
import { listed } from '../../../lab/unlearning/classNames.ts';
import type { ForgettingReport, Moved } from '../../../unlearning/forgettingReport.ts';
import type { Picture } from '../../../workers/protocol.ts';
import { PixelPicture } from '../../controls/PixelPicture.tsx';
import { useLab } from '../../LabContext.tsx';
import { useClassNames } from './useClassNames.ts';

const MOST_ROWS = 10;
const MOST_PICTURES = 12;

/** What the forgotten class's pictures are taken for now, and some of them. */
export function DestinationsCard({ report }: { readonly report: ForgettingReport }) {
  const names = useClassNames();
  const rows = destinations(report);
  const { moved } = report.measures;
  // those that lost their class, of every new class in turn
  const some = useMemo(() => varied(moved.filter(({ before, after }) => before !== after), MOST_PICTURES), [moved]);
  const pictures = usePictures(some);
  return (
    <section className="panel chart-card" aria-label="Where the pictures go now">
      <div className="chart-head">
        <h2>{destinationsTitle(report, names)}</h2>
      </div>
      <table className="destinations">
        <caption className="sr-only">What pictures of {listed(report.settings.classes, names)} are taken for</caption>
        <thead>
          <tr>
            <th scope="col">taken for</th>
            <th scope="col">before</th>
            <th scope="col">now</th>
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, MOST_ROWS).map(({ class: c, before, after }) => (
            <tr key={c}>
              <th scope="row">{names[c]}</th>
              <td>{percent(before)}</td>
              <td>
                <span className="bar-cell">
                  {percent(after)}
                  <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
                    <rect className="bar-back" width={100 * before} height="8" />
                    <rect className="bar" width={100 * after} height="8" />
                  </svg>
                </span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > MOST_ROWS && <p className="hint">And {rows.length - MOST_ROWS} other classes.</p>}
      <ul className="pictures" aria-label="Some of the pictures">
        {some.map(({ index, before, after }) => {
          const picture = pictures.get(index);
          return (
            <li key={index}>
              {picture ? <PixelPicture picture={picture} label={`Test image ${index}: ${names[before]} before, ${names[after]} now`} /> : <span className="pixels" />}
              <small>
                {names[before]}→<wbr />
                {names[after]}
              </small>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

/** The pictures at those places, as they come. */
function usePictures(places: readonly Moved[]): ReadonlyMap<number, Picture> {
  const lab = useLab();
  const [pictures, setPictures] = useState<ReadonlyMap<number, Picture>>(new Map());
  useEffect(() => {
    let gone = false;
    if (places.length > 0) {
      lab.pictures(places.map(({ index }) => index)).then(
        (found) => !gone && setPictures(new Map(found.map((picture) => [picture.index, picture]))),
        () => {},
      );
    }
    return () => {
      gone = true;
    };
  }, [lab, places]);
  return pictures;
}

/** At most so many, the first of every new class, then the second, and so on. */
function varied(moved: readonly Moved[], most: number): readonly Moved[] {
  const seen = new Map<number, number>();
  return moved
    .map((one) => {
      const turn = seen.get(one.after) ?? 0;
      seen.set(one.after, turn + 1);
      return { one, turn };
    })
    .sort((a, b) => a.turn - b.turn)
    .slice(0, most)
    .map(({ one }) => one);
}
