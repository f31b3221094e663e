import { expose } from 'comlink';
import { Fidelity } from './fidelity.ts';

expose(new Fidelity());
