/** Compiles a module from base64 when it is first asked for; undefined where the engine has no WebAssembly SIMD. */
export function compiledOnce(base64: string): () => WebAssembly.Module | undefined {
  let compiled: WebAssembly.Module | undefined;
  let isSupported: boolean | undefined;
  return () => {
    if (isSupported === undefined) {
      const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
      isSupported = WebAssembly.validate(bytes);
      if (isSupported) compiled = new WebAssembly.Module(bytes);
    }
    return compiled;
  };
}
