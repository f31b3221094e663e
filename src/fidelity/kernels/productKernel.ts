import { compiledOnce } from './compiledOnce.ts';
import { PRODUCT_WASM } from './product.generated.ts';

const PAGE = 65536;
/** Below this address nothing is stored: the compiled module's own data. */
const RESERVED = 1024;
/** Rows of either factor that the kernel's memory holds at a time. */
const TILE = 96;
/** Multiply-adds below which copying costs more than is won. */
const WORTH_IT = 2 ** 20;

type AddProduct = (a: number, rows: number, b: number, columns: number, inner: number, c: number) => void;

const module = compiledOnce(PRODUCT_WASM);

/**
 * Writes `A Bᵀ` to `product` by the SIMD kernel, tile by tile; see `multiplyTransposed`.
 *
 * @returns false where nothing was done: too small to be worth it, or no WebAssembly SIMD
 */
export function multiplyByKernel(a: Float64Array, rows: number, b: Float64Array, columns: number, inner: number, product: Float64Array): boolean {
  if (rows * columns * inner < WORTH_IT) return false;
  const code = module();
  if (!code) return false;
  const padded = inner + (inner % 2);
  const [tileBytes, sumBytes] = [TILE * padded * 8, TILE * TILE * 8];
  const [atA, atB, atSums] = [RESERVED, RESERVED + tileBytes, RESERVED + 2 * tileBytes];
  const memory = new WebAssembly.Memory({ initial: Math.ceil((atSums + sumBytes) / PAGE) });
  const addProduct = new WebAssembly.Instance(code, { env: { memory } }).exports['addProduct'] as AddProduct;
  const tileOf = (address: number) => new Float64Array(memory.buffer, address, TILE * padded);
  const [tileA, tileB, sums] = [tileOf(atA), tileOf(atB), new Float64Array(memory.buffer, atSums, TILE * TILE)];
  for (let j = 0; j < columns; j += TILE) {
    const wide = Math.min(TILE, columns - j);
    const even = wide + (wide % 2);
    fill(tileB, b, j, wide, inner, padded);
    for (let i = 0; i < rows; i += TILE) {
      const tall = Math.min(TILE, rows - i);
      fill(tileA, a, i, tall, inner, padded);
      sums.fill(0);
      addProduct(atA, 4 * Math.ceil(tall / 4), atB, even, padded, atSums);
      for (let k = 0; k < tall; k++) product.set(sums.subarray(k * even, k * even + wide), (i + k) * columns + j);
    }
  }
  return true;
}

/** Rows `first … first + count` of a row-major matrix; the even length of a row is made up by a zero. Rows beyond stay as they were: nothing reads what comes of them. */
function fill(tile: Float64Array, values: Float64Array, first: number, count: number, inner: number, padded: number): void {
  if (padded === inner) {
    tile.set(values.subarray(first * inner, (first + count) * inner));
    return;
  }
  for (let k = 0; k < count; k++) {
    tile.set(values.subarray((first + k) * inner, (first + k + 1) * inner), k * padded);
    tile[k * padded + inner] = 0;
  }
}
