import { expectFamily } from './expectFamily.ts';

expectFamily('layersDescription', { seed: 1, cases: 600, refused: 400 });
