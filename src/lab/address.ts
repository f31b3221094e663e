import type { FragmentState } from './fragment.ts';
import { decodeFragment, encodeFragment, fragmentState } from './fragment.ts';
import type { Session } from './session.ts';
import { notify } from './store.ts';

const WRITE_AFTER = 250;

/** Keeps the URL's fragment and the experiment in step. */
export class AddressSync {
  readonly #session: Session;
  readonly #stop: (() => void)[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #written: string | undefined;

  constructor(session: Session) {
    this.#session = session;
  }

  /** The state in the address; says once what of it could not be read. */
  read(): FragmentState {
    const { environment: { address }, store } = this.#session;
    const { state, ignored } = decodeFragment(address?.read() ?? '');
    if (ignored.length > 0) {
      notify(store, 'warning', `Ignored in the link: ${ignored.slice(0, 5).join(', ')}${ignored.length > 5 ? ` and ${ignored.length - 5} more` : ''}.`, { advice: 'The rest of it is in effect.' });
    }
    return state;
  }

  /** From now on the address follows the experiment, and a link pasted into it is handed to `onLink`. */
  follow(onLink: (state: FragmentState) => void): void {
    const { environment: { address }, store } = this.#session;
    if (!address) return;
    this.#stop.push(
      store.subscribe(() => (this.#timer ??= setTimeout(() => this.write(), WRITE_AFTER))),
      address.onChange(() => {
        if (address.read() !== this.#written) onLink(this.read());
      }),
    );
    this.write();
  }

  write(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const { environment: { address }, store } = this.#session;
    const fragment = encodeFragment(fragmentState(store.getState()));
    if (fragment === this.#written) return;
    this.#written = fragment;
    address?.write(fragment);
  }

  dispose(): void {
    clearTimeout(this.#timer);
    for (const stop of this.#stop) stop();
  }
}
