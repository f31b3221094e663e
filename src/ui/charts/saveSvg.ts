import { download } from '../download.ts';

const COPIED = ['fill', 'fill-opacity', 'stroke', 'stroke-width', 'stroke-dasharray', 'stroke-opacity', 'opacity', 'font-size', 'font-weight', 'font-family', 'text-anchor', 'paint-order'] as const;

/** Saves the chart inside `holder` as a file that looks the same without the page's style sheet. */
export function saveSvg(holder: HTMLElement, name: string): void {
  const chart = holder.querySelector('svg.recharts-surface');
  if (!chart) return;
  const copy = styledCopy(chart);
  for (const overlay of holder.querySelectorAll('svg.overlay')) copy.append(...styledCopy(overlay).childNodes);
  const { width, height } = chart.getBoundingClientRect();
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  copy.setAttribute('viewBox', `0 0 ${width} ${height}`);
  const paper = document.createElementNS('http://www.w3.org/2000/svg', 'rect');
  paper.setAttribute('width', '100%');
  paper.setAttribute('height', '100%');
  paper.setAttribute('fill', getComputedStyle(holder.closest('section') ?? holder).backgroundColor);
  copy.prepend(paper);
  const title = document.createElementNS('http://www.w3.org/2000/svg', 'title');
  title.textContent = holder.getAttribute('aria-label');
  copy.prepend(title);
  download(`${name}.svg`, new XMLSerializer().serializeToString(copy), 'image/svg+xml');
}

/** A copy whose looks stand in its own attributes. */
function styledCopy(original: Element): SVGElement {
  const copy = original.cloneNode(true) as SVGElement;
  const originals = [original, ...original.querySelectorAll('*')];
  [copy, ...copy.querySelectorAll('*')].forEach((element, index) => {
    const style = getComputedStyle(originals[index]);
    for (const property of COPIED) element.setAttribute(property, style.getPropertyValue(property));
    element.removeAttribute('style');
    element.removeAttribute('class');
  });
  return copy;
}
