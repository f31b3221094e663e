import { broadcastShape, tiedChannels } from './channelRules.ts';
import type { OpDefinition } from './opDefinition.ts';
import { weightless } from './weightless.ts';

const elementwise = {
  ...weightless,
  outputShape: broadcastShape,
  channels: tiedChannels,
};

/** Sum of two or more values, broadcast. Ties the channels of its inputs. */
export const add: OpDefinition<'add'> = { ...elementwise, inputs: 'twoOrMore' };

/** First minus second, broadcast. */
export const subtract: OpDefinition<'subtract'> = { ...elementwise, inputs: 'two' };

/** Product of two or more values, broadcast: gates such as squeeze-and-excite. */
export const multiply: OpDefinition<'multiply'> = { ...elementwise, inputs: 'twoOrMore' };
