import { expectFamily } from './expectFamily.ts';

expectFamily('layersDescription', { seed: 1, cases: 900, refused: 700 });
expectFamily('layersWeights', { seed: 1, cases: 400, refused: 300 });
expectFamily('zippedModels', { seed: 1, cases: 350, refused: 280 });
