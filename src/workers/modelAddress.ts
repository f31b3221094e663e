/** Endings of an address that is a model's file and not a folder's. */
const MODEL_FILE = /\.(json|zip|h5|hdf5|keras|onnx)$/i;
/** A model's page on the Hugging Face hub: its files lie elsewhere. */
const HUB = /^\/(?!(?:api|spaces|datasets|docs|models)(?:\/|$))([\w.-]+(?:\/[\w.-]+)?)(?:\/tree\/([\w.-]+))?\/?$/;

/**
 * The files that a model's address may mean, the likeliest first: the file itself; on the Hugging
 * Face hub the `config.json` of the model whose page it is; of any other folder its `model.json`,
 * then its `config.json`.
 */
export function modelAddresses(url: string): readonly string[] {
  const { pathname, hostname, origin } = new URL(url);
  const page = hostname === 'huggingface.co' ? HUB.exec(pathname) : null;
  if (page) return [`${origin}/${page[1]}/resolve/${page[2] ?? 'main'}/config.json`];
  if (MODEL_FILE.test(pathname)) return [url];
  const folder = url.replace(/\/?$/, '/');
  return hostname === 'huggingface.co' ? [`${folder}config.json`] : [`${folder}model.json`, `${folder}config.json`];
}
