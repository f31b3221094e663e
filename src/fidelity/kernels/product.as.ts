// AssemblyScript, compiled by src/engine/kernels/build.mjs into product.generated.ts.
//
// The inner loops of `A Bᵀ` in float64, two lanes at a time. Sums of 4 rows × 2 columns stay in
// registers; a block of the inner axis at a time, so that the rows of `b` stay in the cache.

const BLOCK: u32 = 256;

/**
 * Adds `A Bᵀ` to `c`: `a` is rows × inner, `b` columns × inner, `c` rows × columns, all row-major.
 * `rows` is a multiple of 4, `columns` and `inner` are even.
 */
export function addProduct(a: usize, rows: u32, b: usize, columns: u32, inner: u32, c: usize): void {
  const pitch = <usize>inner << 3;
  const width = <usize>columns << 3;
  for (let start: u32 = 0; start < inner; start += BLOCK) {
    const from = <usize>start << 3;
    const to = <usize>min(inner, start + BLOCK) << 3;
    for (let i: u32 = 0; i < rows; i += 4) {
      const r0 = a + <usize>i * pitch;
      const r1 = r0 + pitch;
      const r2 = r1 + pitch;
      const r3 = r2 + pitch;
      let at = c + <usize>i * width;
      for (let j: u32 = 0; j < columns; j += 2) {
        const c0 = b + <usize>j * pitch;
        const c1 = c0 + pitch;
        let s0 = f64x2.splat(0), s1 = s0, s2 = s0, s3 = s0, t0 = s0, t1 = s0, t2 = s0, t3 = s0;
        for (let q = from; q < to; q += 16) {
          const x = v128.load(c0 + q);
          const y = v128.load(c1 + q);
          let v = v128.load(r0 + q);
          s0 = f64x2.add(s0, f64x2.mul(v, x));
          t0 = f64x2.add(t0, f64x2.mul(v, y));
          v = v128.load(r1 + q);
          s1 = f64x2.add(s1, f64x2.mul(v, x));
          t1 = f64x2.add(t1, f64x2.mul(v, y));
          v = v128.load(r2 + q);
          s2 = f64x2.add(s2, f64x2.mul(v, x));
          t2 = f64x2.add(t2, f64x2.mul(v, y));
          v = v128.load(r3 + q);
          s3 = f64x2.add(s3, f64x2.mul(v, x));
          t3 = f64x2.add(t3, f64x2.mul(v, y));
        }
        addPair(at, s0, t0);
        addPair(at + width, s1, t1);
        addPair(at + 2 * width, s2, t2);
        addPair(at + 3 * width, s3, t3);
        at += 16;
      }
    }
  }
}

/** Adds the sum of both lanes of s, and of t, to two neighbours. */
// @ts-ignore: AssemblyScript allows decorators on functions, TypeScript does not
@inline
function addPair(at: usize, s: v128, t: v128): void {
  const sums = f64x2.add(v128.shuffle<f64>(s, t, 0, 2), v128.shuffle<f64>(s, t, 1, 3));
  v128.store(at, f64x2.add(v128.load(at), sums));
}
