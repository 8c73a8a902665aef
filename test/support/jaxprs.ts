/** Well-known functions as jaxprs, written with the Builder. */
import { Builder } from '../../compiler/ir/builder.ts';
import { Var, aval } from '../../compiler/ir/jaxpr.ts';
import type { Atom, Aval, Jaxpr } from '../../compiler/ir/jaxpr.ts';

export function float32(...shape: number[]): Aval {
  return aval('float32', shape);
}

export function int32(...shape: number[]): Aval {
  return aval('int32', shape);
}

/** The jaxpr of a function of tensors of the given types. */
export function jaxprOf(types: readonly Aval[], f: (o: Builder, ...inputs: Var[]) => Atom | readonly Atom[]): Jaxpr {
  const o = new Builder();
  const inputs = types.map((type) => new Var(type));
  const result = f(o, ...inputs);
  return o.build([], inputs, Array.isArray(result) ? result : [result as Atom]);
}

/** `x` repeated along all axes of `like` but `axis`. */
export function along(o: Builder, axis: number, x: Atom, like: Atom): Atom {
  return o.broadcastInDim(x, { shape: like.aval.shape, broadcastDimensions: [axis] });
}

export function matmul(o: Builder, x: Atom, y: Atom): Atom {
  return o.dotGeneral(x, y, { dimensionNumbers: [[[1], [0]], [[], []]] });
}

export function linear(o: Builder, x: Atom, w: Atom, b: Atom): Atom {
  const y = matmul(o, x, w);
  return o.add(y, along(o, 1, b, y));
}

/** Over the last axis of a matrix. */
export function softmax(o: Builder, x: Atom): Atom {
  const e = o.exp(o.sub(x, along(o, 0, o.reduceMax(x, { axes: [1] }), x)));
  return o.div(e, along(o, 0, o.reduceSum(e, { axes: [1] }), e));
}

/** Mean and variance over one axis of a matrix. */
export function moments(o: Builder, x: Atom, axis: number): [Atom, Atom] {
  const count = x.aval.shape[axis]!;
  const mean = o.div(o.reduceSum(x, { axes: [axis] }), count);
  const centred = o.sub(x, along(o, 1 - axis, mean, x));
  return [mean, o.div(o.reduceSum(o.square(centred), { axes: [axis] }), count)];
}

export function layerNorm(o: Builder, x: Atom, scale: Atom, bias: Atom): Atom {
  const [mean, variance] = moments(o, x, 1);
  const normal = o.mul(o.sub(x, along(o, 0, mean, x)), along(o, 0, o.rsqrt(o.add(variance, 1e-5)), x));
  return o.add(o.mul(normal, along(o, 1, scale, x)), along(o, 1, bias, x));
}

/** Random booleans, true with probability 0.9, by JAX's partitionable Threefry. */
export function keepMask(o: Builder, key: Atom, shape: readonly number[]): Atom {
  const word = (i: number): Atom =>
    o.reshape(o.slice(key, { startIndices: [i], limitIndices: [i + 1], strides: [1] }), { newSizes: [] });
  const [k0, k1] = o.threefry2x32(word(0), word(1), o.literal(0, 'uint32'), o.literal(7, 'uint32'));
  const size = shape.reduce((product, extent) => product * extent, 1);
  const counter = o.reshape(o.iota({ dtype: 'uint32', shape: [size], dimension: 0 }), { newSizes: shape });
  const [high, low] = o.threefry2x32(k0, k1, o.full(0, aval('uint32', shape)), counter);
  const mantissa = o.or(o.shiftRightLogical(o.xor(high, low), 9), 0x3f800000);
  return o.lt(o.sub(o.bitcastConvertType(mantissa, { newDtype: 'float32' }), 1), 0.9);
}

/** The block of the tiny NNX: linear, batch norm in training mode, gelu, dropout. Gives its result and the new statistics. */
export function block(o: Builder, x: Atom, key: Atom, [w, b, scale, bias, mean, variance]: readonly Atom[]): [Atom, Atom, Atom] {
  const h = linear(o, x, w!, b!);
  const [batchMean, batchVariance] = moments(o, h, 0);
  const average = (old: Atom, now: Atom): Atom => o.add(o.mul(old, 0.95), o.mul(now, 0.05));
  const deviation = along(o, 1, o.sqrt(o.add(batchVariance, 1e-5)), h);
  const normal = o.div(o.sub(h, along(o, 1, batchMean, h)), deviation);
  const z = o.add(o.mul(normal, along(o, 1, scale!, h)), along(o, 1, bias!, h));
  const inner = o.mul(0.7978845608, o.add(z, o.mul(0.044715, o.integerPow(z, { y: 3 }))));
  const gelu = o.mul(z, o.mul(0.5, o.add(1, o.tanh(inner))));
  const keep = o.convertElementType(keepMask(o, key, h.aval.shape), { newDtype: 'float32', weakType: false });
  return [o.div(o.mul(gelu, keep), 0.9), average(mean!, batchMean), average(variance!, batchVariance)];
}

/** A scan over blocks whose parameters are xs and whose statistics come back stacked, then a linear layer. */
export function scanMlp(batch: number, width: number, layers: number): Jaxpr {
  const sliced = [aval('uint32', [2]), float32(width, width), ...Array.from({ length: 5 }, () => float32(width))];
  const body = jaxprOf([float32(batch, width), ...sliced], (o, x, key, ...state) => {
    const [y, mean, variance] = block(o, x!, key!, state);
    return [y, ...state.slice(0, 4), mean, variance];
  });
  const stacked = sliced.map(({ dtype, shape }) => aval(dtype, [layers, ...shape]));
  return jaxprOf([float32(batch, width), ...stacked, float32(width, width), float32(width)], (o, ...inputs) => {
    const params = { jaxpr: body, length: layers, reverse: false, numConsts: 0, numCarry: 1 };
    const [y, ...state] = o.scan(...inputs.slice(0, -2), params) as readonly Atom[];
    return [linear(o, y!, inputs.at(-2)!, inputs.at(-1)!), ...state];
  });
}
