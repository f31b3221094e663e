import { useEffect, useId, useRef, useState, type ReactNode } from 'react';

interface PopoverProps {
  /** What the button shows. */
  readonly button: ReactNode;
  /** What the button is called, where that is not what it shows. */
  readonly label?: string;
  /** What the opened panel is called. */
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** Without the sign that something opens. */
  readonly plain?: boolean;
  /** `open`: what is costly to show need not be there before. */
  readonly children: ReactNode | ((close: () => void, open: boolean) => ReactNode);
}

/** A button that opens a small panel below itself; closes on Escape and on a click elsewhere. */
export function Popover({ button, label, title, align = 'left', plain = false, children }: PopoverProps) {
  const id = useId();
  const opener = useRef<HTMLButtonElement>(null);
  const panel = useRef<HTMLDialogElement>(null);
  const [open, setOpen] = useState(false);
  const close = () => document.getElementById(id)?.hidePopover();

  useEffect(() => {
    const element = panel.current;
    if (!element || !open) return undefined;
    // also when what is in it comes or grows after it was opened
    const observer = new ResizeObserver(() => place(element, opener.current, align));
    observer.observe(element);
    return () => observer.disconnect();
  }, [open, align]);

  return (
    <>
      <button ref={opener} type="button" className="pick" popoverTarget={id} aria-label={label} aria-haspopup="dialog">
        {button}
        {!plain && <span aria-hidden="true"> ▾</span>}
      </button>
      <dialog ref={panel} id={id} popover="auto" aria-label={title} className="popover" onToggle={(event) => {
        if (event.target !== event.currentTarget) return;
        setOpen(event.newState === 'open');
      }}>
        {typeof children === 'function' ? children(close, open) : children}
      </dialog>
    </>
  );
}

/** Below its button, as far as the window has room. */
function place(panel: HTMLElement, opener: HTMLElement | null, align: 'left' | 'right'): void {
  const box = opener?.getBoundingClientRect();
  if (!box) return;
  panel.style.top = `${box.bottom + 6}px`;
  const width = Math.min(panel.offsetWidth, innerWidth - 16);
  const wanted = align === 'left' ? box.left : box.right - width;
  panel.style.left = `${Math.max(8, Math.min(wanted, innerWidth - width - 8))}px`;
}
