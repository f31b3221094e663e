// AssemblyScript, compiled by build.mjs into correlate.generated.ts.
//
// The one inner loop of calibration: out[i][j] += Σ_t x[t][i] · y[t][j], where t runs over a
// rectangle of positions in a few images. A 4 × 8 tile of float32 sums stays in registers while
// t runs, and is added to float64 in memory once at the end, so that rounding does not grow with
// the number of images.

/**
 * `x`, `y`: addresses of the first position's first channel; strides in bytes.
 * `n` is a multiple of 4 and `m` of 8. `out` is row-major n × m float64.
 * `upper`: leave out tiles that lie wholly below the diagonal (x and y hold the same channels).
 */
export function correlate(
  x: usize, xImage: usize, xRow: usize, xColumn: usize,
  y: usize, yImage: usize, yRow: usize, yColumn: usize,
  images: u32, rows: u32, columns: u32,
  n: u32, m: u32, out: usize, upper: bool,
): void {
  for (let i: u32 = 0; i < n; i += 4) {
    for (let j: u32 = upper ? i & ~7 : 0; j < m; j += 8) {
      let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0;
      let b0 = a0, b1 = a0, b2 = a0, b3 = a0;
      let xImageAt = x + (<usize>i << 2);
      let yImageAt = y + (<usize>j << 2);
      for (let image: u32 = 0; image < images; image++) {
        let xRowAt = xImageAt;
        let yRowAt = yImageAt;
        for (let row: u32 = 0; row < rows; row++) {
          let xAt = xRowAt;
          let yAt = yRowAt;
          for (let column: u32 = 0; column < columns; column++) {
            const low = v128.load(yAt);
            const high = v128.load(yAt, 16);
            let s = v128.load_splat<f32>(xAt);
            a0 = f32x4.add(a0, f32x4.mul(s, low));
            b0 = f32x4.add(b0, f32x4.mul(s, high));
            s = v128.load_splat<f32>(xAt, 4);
            a1 = f32x4.add(a1, f32x4.mul(s, low));
            b1 = f32x4.add(b1, f32x4.mul(s, high));
            s = v128.load_splat<f32>(xAt, 8);
            a2 = f32x4.add(a2, f32x4.mul(s, low));
            b2 = f32x4.add(b2, f32x4.mul(s, high));
            s = v128.load_splat<f32>(xAt, 12);
            a3 = f32x4.add(a3, f32x4.mul(s, low));
            b3 = f32x4.add(b3, f32x4.mul(s, high));
            xAt += xColumn;
            yAt += yColumn;
          }
          xRowAt += xRow;
          yRowAt += yRow;
        }
        xImageAt += xImage;
        yImageAt += yImage;
      }
      const stride = <usize>m << 3;
      const at = out + <usize>i * stride + (<usize>j << 3);
      addRow(at, a0, b0);
      addRow(at + stride, a1, b1);
      addRow(at + 2 * stride, a2, b2);
      addRow(at + 3 * stride, a3, b3);
    }
  }
}

/** Adds eight float32 values to eight float64 values at `at`. */
// @ts-ignore: AssemblyScript allows decorators on functions, TypeScript does not
@inline
function addRow(at: usize, low: v128, high: v128): void {
  v128.store(at, f64x2.add(v128.load(at), f64x2.promote_low_f32x4(low)));
  v128.store(at, f64x2.add(v128.load(at, 16), f64x2.promote_low_f32x4(upperHalf(low))), 16);
  v128.store(at, f64x2.add(v128.load(at, 32), f64x2.promote_low_f32x4(high)), 32);
  v128.store(at, f64x2.add(v128.load(at, 48), f64x2.promote_low_f32x4(upperHalf(high))), 48);
}

// @ts-ignore: AssemblyScript allows decorators on functions, TypeScript does not
@inline
function upperHalf(v: v128): v128 {
  return v128.shuffle<i64>(v, v, 1, 0);
}
