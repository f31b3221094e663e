import * as z from 'zod/mini';
import { ALLOCATIONS, COMPENSATIONS, DEFAULT_REQUEST, ORDERS, SELECTIONS } from '../pruning/pruneRequest.ts';

/** The fields of a `Method` in a file. What was written before there were the last two has their defaults. */
export const methodFields = {
  select: z.enum(SELECTIONS),
  compensate: z.enum(COMPENSATIONS),
  order: z.enum(ORDERS),
  allocate: z._default(z.enum(ALLOCATIONS), DEFAULT_REQUEST.allocate),
  renorm: z._default(z.boolean(), DEFAULT_REQUEST.renorm),
};
