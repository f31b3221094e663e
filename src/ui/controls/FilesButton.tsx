import { useRef } from 'react';
import type { PathedFile } from '../../workers/protocol.ts';

interface FilesButtonProps {
  readonly label: string;
  /** What the hidden input is called. */
  readonly inputLabel: string;
  readonly accept?: string;
  /** A whole folder instead of files. */
  readonly folder?: boolean;
  readonly onFiles: (files: readonly PathedFile[]) => void;
}

/** A button that lets a person choose files, or a folder with all that is in it. */
export function FilesButton({ label, inputLabel, accept, folder = false, onFiles }: FilesButtonProps) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <button type="button" className="pick" onClick={() => input.current?.click()}>
        {label}
      </button>
      <input
        ref={(element) => {
          input.current = element;
          if (folder) element?.setAttribute('webkitdirectory', '');
        }}
        type="file"
        multiple
        accept={accept}
        className="sr-only"
        aria-label={inputLabel}
        tabIndex={-1}
        onChange={(event) => {
          const chosen = [...(event.target.files ?? [])].map((file) => ({ path: file.webkitRelativePath || file.name, file }));
          event.target.value = '';
          if (chosen.length > 0) onFiles(chosen);
        }}
      />
    </>
  );
}
