import type { LabEnvironment } from '../lab/session.ts';
import type { BackendChoice } from '../workers/protocol.ts';
import { createEngineClient } from '../workers/engineClient.ts';
import { createFidelityClient } from '../workers/fidelityClient.ts';

/** The lab's surroundings in a browser tab. */
export function browserEnvironment(): LabEnvironment {
  const storage = localStorageIfAllowed();
  return {
    createEngineClient,
    createFidelityClient,
    baseUrl: document.baseURI,
    fetchJson,
    ...(storage ? { storage } : {}),
    address: {
      read: () => location.hash.slice(1),
      write: (fragment) => history.replaceState(history.state, '', `#${fragment}`),
      onChange: (callback) => {
        addEventListener('hashchange', callback);
        return () => removeEventListener('hashchange', callback);
      },
    },
    backend: backendInAddress(),
  };
}

/** `?backend=wasm` or `?backend=webgpu` forces one, for tests and for machines where the choice is wrong. */
function backendInAddress(): BackendChoice {
  const wanted = new URLSearchParams(location.search).get('backend');
  return wanted === 'wasm' || wanted === 'webgpu' ? wanted : 'auto';
}

/** Undefined where there is no such document; some hosts answer that with a page of their own. */
async function fetchJson(url: string): Promise<unknown> {
  const response = await fetch(url);
  if (response.status === 404) return undefined;
  if (!response.ok) throw new Error(`${url} answered ${response.status}.`);
  const text = await response.text();
  return text.trimStart().startsWith('<') ? undefined : JSON.parse(text);
}

function localStorageIfAllowed(): Storage | undefined {
  try {
    return localStorage;
  } catch {
    return undefined;
  }
}
