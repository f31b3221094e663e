import { ModelFileError } from './errors.ts';

/** Keras 3 calls a depthwise kernel just that, where it is the layer's only one. */
const ALSO_CALLED: Readonly<Record<string, string>> = { depthwise_kernel: 'kernel' };

/**
 * Looks weights up among stored names, `<scopes>/<layer>/<weight>`: scopes are the models around the
 * layer, all, some or none of them, and there may be others in front. Gives the stored name;
 * undefined where there is none. Throws `ModelFileError` where two fit equally well.
 */
export function weightNames(stored: readonly string[]): (path: readonly string[], weight: string) => string | undefined {
  const all = new Set(stored);
  const byTail = new Map<string, string[]>();
  for (const name of stored) {
    const tail = name.split('/').slice(-2).join('/');
    const alike = byTail.get(tail);
    if (alike) alike.push(name);
    else byTail.set(tail, [name]);
  }
  const find = (path: readonly string[], weight: string): string | undefined => {
    const layer = path[path.length - 1];
    const exact = `${path.join('/')}/${weight}`;
    if (all.has(exact)) return exact;
    const wanted = `${layer}/${weight}`;
    const candidates = (byTail.get(wanted.split('/').slice(-2).join('/')) ?? [])
      .filter((name) => name === wanted || name.endsWith(`/${wanted}`))
      .map((name) => ({ name, scopes: scopesInCommon(name.slice(0, -wanted.length).split('/'), path.slice(0, -1)) }))
      .sort((a, b) => b.scopes - a.scopes);
    if (candidates.length > 1 && candidates[0].scopes === candidates[1].scopes) {
      throw new ModelFileError(`Both "${candidates[0].name}" and "${candidates[1].name}" may be the weight of layer "${path.join('/')}".`);
    }
    return candidates[0]?.name;
  };
  return (path, weight) =>
    find(path, weight) ?? (Object.hasOwn(ALSO_CALLED, weight) ? find(path, ALSO_CALLED[weight]) : undefined);
}

/** How many of the outer models' names stand, in order, among a stored name's scopes. */
function scopesInCommon(scopes: readonly string[], outer: readonly string[]): number {
  let found = 0;
  for (const scope of scopes) {
    if (outer.slice(found).includes(scope)) found += 1;
  }
  return found;
}
