/* oxlint-disable jsx-a11y/prefer-tag-over-role -- a select cannot be drawn as a strip */
import { memo, useEffect, useId, useRef, useState, type KeyboardEvent, type PointerEvent } from 'react';
import { usePalette } from '../colours.ts';
import { useSize } from '../controls/useSize.ts';
import { drawStrip, type StripCell } from './drawStrip.ts';

interface ChannelStripProps {
  readonly label: string;
  /** What one of them is called, with a capital. */
  readonly one: string;
  /** In the order in which they are drawn. */
  readonly cells: readonly StripCell[];
  /** Place of the channel that is pointed at. */
  readonly active?: number;
  readonly onActive: (place: number | undefined) => void;
  readonly onToggle: (channel: number) => void;
  readonly onOpen: (channel: number) => void;
}

const HEIGHT = 18;

/** A group's channels as a list box: arrows move, Space keeps or cuts, Enter opens; so do pointer clicks. */
export const ChannelStrip = memo(function ChannelStrip({ label, one, cells, active, onActive, onToggle, onOpen }: ChannelStripProps) {
  const id = useId();
  const holder = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const size = useSize(holder);
  const palette = usePalette();
  const [focused, setFocused] = useState(false);

  useEffect(() => {
    if (canvas.current && size && size.width > 0) drawStrip(canvas.current, cells, { width: size.width, height: HEIGHT, ratio: devicePixelRatio || 1 }, palette, active);
  }, [cells, size, palette, active]);

  const placeAt = (event: PointerEvent | { clientX: number }) => {
    const box = holder.current?.getBoundingClientRect();
    return box && box.width > 0 ? Math.min(cells.length - 1, Math.max(0, Math.floor(((event.clientX - box.left) / box.width) * cells.length))) : 0;
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const at = active ?? 0;
    const moves: Record<string, number> = { ArrowRight: at + 1, ArrowLeft: at - 1, ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: cells.length - 1 };
    if (event.key in moves) onActive(Math.min(cells.length - 1, Math.max(0, moves[event.key])));
    else if (event.key === ' ') onToggle(cells[at].channel);
    else if (event.key === 'Enter') onOpen(cells[at].channel);
    else return;
    event.preventDefault();
  };

  return (
    <div
      ref={holder}
      className="strip"
      role="listbox"
      tabIndex={0}
      aria-label={label}
      aria-multiselectable
      aria-orientation="horizontal"
      aria-activedescendant={focused && active !== undefined ? `${id}-${active}` : undefined}
      onFocus={() => {
        setFocused(true);
        if (active === undefined) onActive(0);
      }}
      onBlur={() => {
        setFocused(false);
        onActive(undefined);
      }}
      onKeyDown={onKeyDown}
      onPointerMove={(event) => event.pointerType === 'mouse' && onActive(placeAt(event))}
      onPointerLeave={() => !focused && onActive(undefined)}
      onClick={(event) => {
        const place = placeAt(event);
        onActive(place);
        onToggle(cells[place].channel);
      }}
    >
      <canvas ref={canvas} aria-hidden="true" />
      {focused && cells.map((cell, place) => <StripOption key={cell.channel} id={`${id}-${place}`} one={one} cell={cell} place={place} of={cells.length} />)}
    </div>
  );
});

const StripOption = memo(function StripOption({ id, one, cell: { channel, strength, kept, pinned, hifi }, place, of }: { readonly id: string; readonly one: string; readonly cell: StripCell; readonly place: number; readonly of: number }) {
  const fidelity = Number.isNaN(strength) ? '' : `, fidelity ${(100 * strength).toFixed(0)} % of the best`;
  return (
    <span id={id} role="option" aria-selected={kept} aria-posinset={place + 1} aria-setsize={of} className="sr-only">
      {`${one} ${channel}${fidelity}, ${kept ? 'kept' : 'cut'}${pinned ? ' by hand' : ''}${hifi ? ', in the HiFi set' : ''}`}
    </span>
  );
});
