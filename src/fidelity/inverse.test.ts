import { expect, it } from 'vitest';
import { cholesky } from './cholesky.ts';
import { multiplyTransposed } from './denseProduct.ts';
import { intactLayer } from './fixtures/randomLayer.ts';
import { invertFactored } from './inverse.ts';

it.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 30])('the inverse of a matrix of %i rows times the matrix is the identity, and it is symmetric', (n) => {
  const { gram } = intactLayer({ n, p: 1, m: 1, seed: n });
  const factored = cholesky(gram, n);
  if (!factored.ok) throw new Error('the Gram of a random layer is positive definite');
  const inverse = invertFactored(factored.factor, n);
  const product = multiplyTransposed(inverse, n, gram, n, n);
  product.forEach((value, at) => expect(value).toBeCloseTo(at % (n + 1) === 0 ? 1 : 0, 9));
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) expect(inverse[i * n + j]).toBe(inverse[j * n + i]);
});
