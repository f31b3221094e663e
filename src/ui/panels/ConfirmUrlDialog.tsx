import { Dialog } from '../controls/Dialog.tsx';
import { useLab } from '../LabContext.tsx';

/** Asks before a model that a link names is fetched from another origin. */
export function ConfirmUrlDialog({ url }: { readonly url: string }) {
  const lab = useLab();
  return (
    <Dialog title="Fetch a model from elsewhere?" label="Fetch a model from another site" onClose={() => void lab.confirmUrl(false)}>
      <p>
        This link asks for a model on <b>{new URL(url).host}</b>, which is not where this page comes from:
      </p>
      <p className="address">{url}</p>
      <p>If you agree, that site learns your address. Nothing else is sent to it.</p>
      <div className="buttons">
        <button type="button" className="pick" onClick={() => void lab.confirmUrl(false)}>
          Stay here
        </button>
        <button type="button" className="pick primary" onClick={() => void lab.confirmUrl(true)}>
          Fetch it
        </button>
      </div>
    </Dialog>
  );
}
