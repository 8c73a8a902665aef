/** Losses for each element or each row of a batch; the mean over the batch is the caller's. */
import { isFloat, isInteger } from '../../compiler/dtype.ts';
import { sameShape, showShape } from '../../compiler/shape.ts';
import { logSigmoid, logSoftmax } from '../nn/index.ts';
import { np } from '../numpy/index.ts';
import { readOptions } from '../options.ts';
import { tensorOf } from '../trace/bind.ts';
import type { Operand } from '../trace/bind.ts';
import type { Tensor } from '../trace/tensor.ts';
import { userError } from '../trace/user-error.ts';
import { checkPositive } from './numbers.ts';

export interface ClassAxisOptions {
  /** The axis of classes; default the last. */
  readonly axis?: number;
}

/**
 * -sum(labels log softmax(logits)) over the axis of classes: for float[..., classes] each, float[...].
 * optax.softmax_cross_entropy.
 *
 * @throws SHAPE unless the shapes are equal; DTYPE for logits that are no floats; AXIS.
 */
export function softmaxCrossEntropy(logits: Operand, labels: Operand, options: ClassAxisOptions = {}): Tensor {
  const name = 'optax.softmaxCrossEntropy';
  const { axis } = readOptions<Required<ClassAxisOptions>>(name, options, { axis: -1 });
  const [values, weights] = pair(name, logits, labels, 'softmaxCrossEntropy(logits, nn.oneHot(labels, logits.shape.at(-1)))');
  return np.negative(np.sum(np.multiply(weights, logSoftmax(values, { axis })), { axis }));
}

/**
 * -log softmax(logits) at the class that each label names: for float[..., classes] and int[...], float[...]; NaN for a label
 * that is no class. optax.softmax_cross_entropy_with_integer_labels.
 *
 * @throws SHAPE unless the labels have the shape of the logits without the axis of classes; DTYPE, AXIS.
 */
export function softmaxCrossEntropyWithIntegerLabels(
  logits: Operand,
  labels: Operand,
  options: ClassAxisOptions = {},
): Tensor {
  const name = 'optax.softmaxCrossEntropyWithIntegerLabels';
  const { axis } = readOptions<Required<ClassAxisOptions>>(name, options, { axis: -1 });
  const values = floats(name, logits);
  const classes = tensorOf(labels);
  if (!isInteger(classes.dtype)) {
    throw userError('DTYPE', `${name}: the labels are ${classes.describe()}, and name classes by integers`, {
      fix: "labels.astype('int32')",
    });
  }
  const logProbabilities = logSoftmax(values, { axis });
  const along = axis < 0 ? axis + values.ndim : axis;
  const expected = values.shape.filter((_, i) => i !== along);
  if (!sameShape(classes.shape, expected)) {
    const [given, shape] = [showShape(classes.shape), showShape(values.shape)];
    const needed = showShape(expected);
    throw userError('SHAPE', `${name}: the labels have shape ${given}, and logits of ${shape} need ${needed}`, {
      fix: `labels.reshape(${needed})`,
    });
  }
  const picked = np.takeAlongAxis(logProbabilities, np.expandDims(classes, along), { axis: along });
  return np.negative(np.squeeze(picked, along));
}

/**
 * -labels log sigmoid(logits) - (1 - labels) log sigmoid(-logits), elementwise. optax.sigmoid_binary_cross_entropy.
 *
 * @throws SHAPE unless the shapes are equal, or one is a scalar; DTYPE.
 */
export function sigmoidBinaryCrossEntropy(logits: Operand, labels: Operand): Tensor {
  const name = 'optax.sigmoidBinaryCrossEntropy';
  const [x, y] = pair(name, logits, labels, 'sigmoidBinaryCrossEntropy(logits, labels.reshape(logits.shape))');
  const ofTrue = np.multiply(y, logSigmoid(x));
  return np.negative(np.add(ofTrue, np.multiply(np.subtract(1, y), logSigmoid(np.negative(x)))));
}

/** (predictions - targets)², elementwise; targets are 0 by default. optax.squared_error. @throws SHAPE, DTYPE */
export function squaredError(predictions: Operand, targets: Operand = 0): Tensor {
  return np.square(errors('optax.squaredError', predictions, targets));
}

/** Half the squared error, whose derivative is the error. optax.l2_loss. @throws SHAPE, DTYPE */
export function l2Loss(predictions: Operand, targets: Operand = 0): Tensor {
  return np.multiply(np.square(errors('optax.l2Loss', predictions, targets)), 0.5);
}

export interface HuberOptions {
  /** Errors above it count linearly; default 1. */
  readonly delta?: number;
}

/** Half the squared error up to `delta`, linear above. Huber 1964; optax.huber_loss. @throws SHAPE, DTYPE */
export function huberLoss(predictions: Operand, targets: Operand = 0, options: HuberOptions = {}): Tensor {
  const name = 'optax.huberLoss';
  const { delta } = readOptions<Required<HuberOptions>>(name, options, { delta: 1 });
  checkPositive(name, 'delta', delta);
  const size = np.abs(errors(name, predictions, targets));
  const quadratic = np.minimum(size, delta);
  return np.add(np.multiply(np.square(quadratic), 0.5), np.multiply(np.subtract(size, quadratic), delta));
}

function errors(name: string, predictions: Operand, targets: Operand): Tensor {
  const [x, y] = pair(name, predictions, targets, `${name}(predictions, targets.reshape(predictions.shape))`);
  return np.subtract(x, y);
}

/** Both operands; a broadcast between shapes of a batch is nearly always a mistake, and changes the loss silently. */
function pair(name: string, x: Operand, y: Operand, fix: string): [Tensor, Tensor] {
  const [one, two] = [floats(name, x), tensorOf(y)];
  if (one.ndim === 0 || two.ndim === 0 || sameShape(one.shape, two.shape)) return [one, two];
  throw userError('SHAPE', `${name}: the shapes ${showShape(one.shape)} and ${showShape(two.shape)} differ`, { fix });
}

function floats(name: string, x: Operand): Tensor {
  const tensor = tensorOf(x);
  if (isFloat(tensor.dtype)) return tensor;
  throw userError('DTYPE', `${name}: ${tensor.describe()} is not of floats`, { fix: "x.astype('float32')" });
}
