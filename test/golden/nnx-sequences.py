"""Writes nnx-attention.json and nnx-recurrent.json from Flax 0.12.8 on JAX 0.10.2. pip install jax==0.10.2 flax==0.12.8"""
import json
import pathlib

import flax
import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from flax.nnx.nn.attention import dot_product_attention_weights

Rngs = nnx.Rngs
unit = nnx.initializers.normal(1.0)
doc = {
  'versions': {'jax': jax.__version__, 'flax': flax.__version__, 'backend': 'cpu'},
  'floats': 'shortest decimals that give their float32',
}


def normal(seed, *shape):
  return jax.random.normal(jax.random.key(seed), shape)


def plain(value):
  if isinstance(value, dict):
    return {name: plain(part) for name, part in value.items()}
  if isinstance(value, (list, tuple)):
    return [plain(part) for part in value]
  array = np.asarray(value)
  return (np.vectorize(float)(array.astype(str)) if array.dtype == np.float32 else array).tolist()


def by_path(state):
  return {'/'.join(map(str, path)): plain(value.get_value()) for path, value in nnx.to_flat_state(state)}


def layer_entry(layer, *args, **options):
  state = by_path(nnx.state(layer, nnx.Param))
  return {'state': state, 'y': plain(layer(*args, **options))}


def attention():
  q, k, v = normal(1, 2, 3, 4, 2), normal(2, 2, 5, 2, 2), normal(3, 2, 5, 2, 2)
  mask = jax.random.bernoulli(jax.random.key(4), 0.6, (2, 4, 3, 5)).at[0, 0, 1].set(False)
  bias = normal(5, 1, 4, 3, 5)
  attend = jax.nn.dot_product_attention
  lengths = {'query_seq_lengths': jnp.array([3, 1], jnp.int32), 'key_value_seq_lengths': jnp.array([2, 4], jnp.int32)}
  energy = lambda q, k, v: (attend(q, k, v, mask=mask) ** 2).sum()
  drop = {'dropout_rate': 0.4, 'dropout_rng': jax.random.key(9)}
  ids, others = jnp.array([[1, 1, 0], [2, 2, 2]]), jnp.array([[1, 0], [2, 2]])
  causal = nnx.make_causal_mask(ids)
  x, kv = normal(6, 2, 3, 4), normal(7, 2, 5, 3)
  return {
    '_doc': doc,
    'q,k,v': plain([q, k, v]),
    'mask': plain(mask),
    'bias': plain(bias),
    'jax.nn.dot_product_attention': plain({
      'q,k,v (4 heads, 2 of keys)': attend(q, k, v),
      'bias': attend(q, k, v, bias),
      'mask, its row [0,0,1] all False': attend(q, k, v, mask=mask),
      'is_causal': attend(q, k, v, is_causal=True),
      'scale=0.25, local_window_size=(1, 0)': attend(q, k, v, scale=0.25, local_window_size=(1, 0)),
      'query_seq_lengths=[3, 1], key_value_seq_lengths=[2, 4]': attend(q, k, v, **lengths),
      'grad of sum of squares by q,k,v with mask': jax.grad(energy, (0, 1, 2))(q, k, v),
    }),
    'nnx.dot_product_attention_weights': plain({
      'bias, mask, is_causal': dot_product_attention_weights(q, k, bias, mask, is_causal=True),
      'dropout_rate=0.4, dropout_rng=key(9)': dot_product_attention_weights(q, k, **drop),
      'dropout_rate=0.4, dropout_rng=key(9), broadcast_dropout=False':
        dot_product_attention_weights(q, k, **drop, broadcast_dropout=False),
    }),
    'nnx.dot_product_attention': plain({
      'mask, dropout_rate=0.4, dropout_rng=key(9)': nnx.dot_product_attention(q, k, v, mask=mask, **drop),
    }),
    'masks': plain({
      'make_attention_mask([[1,1,0],[2,2,2]], [[1,0],[2,2]])': nnx.make_attention_mask(ids, others),
      'make_attention_mask(ids, ids, jnp.equal, extra_batch_dims=1, dtype=bool)':
        nnx.make_attention_mask(ids, ids, jnp.equal, extra_batch_dims=1, dtype=bool),
      'make_causal_mask(ids)': causal,
      'combine_masks(causal, None, attention)': nnx.combine_masks(causal, None, nnx.make_attention_mask(ids, ids)),
    }),
    'x': plain(x),
    'kv': plain(kv),
    'MultiHeadAttention': multi_head_attention(x, kv),
  }


def multi_head_attention(x, kv):
  grouped = nnx.MultiHeadAttention(4, 4, 8, 3, 2, decode=False, rngs=Rngs(0))
  normalized = nnx.MultiHeadAttention(2, 4, in_kv_features=3, use_bias=False, normalize_qk=True, decode=False, rngs=Rngs(0))
  dropout = nnx.MultiHeadAttention(2, 4, dropout_rate=0.5, deterministic=False, decode=False, rngs=Rngs(0))
  stream_key = plain(jax.random.key_data(dropout.rngs.key.get_value()))
  decoder = nnx.MultiHeadAttention(2, 4, decode=True, rngs=Rngs(0), bias_init=nnx.initializers.normal(0.5))
  state = by_path(nnx.state(decoder, nnx.Param))
  decoder.init_cache(x.shape)
  ys = [decoder(x[:, i : i + 1]) for i in range(3)]
  return {
    '4 heads of 2, 2 for keys, is_causal': layer_entry(grouped, x, is_causal=True),
    'normalize_qk, no bias, in_kv_features=3': layer_entry(normalized, x, kv),
    'dropout_rate=0.5': {
      'stream key': stream_key,
      **layer_entry(dropout, x),
      'second y': plain(dropout(x)),
      'deterministic': plain(dropout(x, deterministic=True)),
    },
    'decode': {'state': state, 'ys': plain(ys), 'cache': by_path(nnx.state(decoder, nnx.Cache))},
  }


def cell_entry(cell, x):
  carry = cell.initialize_carry((2, 3), Rngs(5), unit)
  new, y = cell(carry, x)
  return {'state': by_path(nnx.state(cell, nnx.Param)), 'carry': plain(carry), 'new carry': plain(new), 'y': plain(y)}


def recurrent():
  x = normal(1, 2, 4, 3)
  lengths = jnp.array([3, 4], jnp.int32)
  cells = {
    'SimpleCell(3, 2)': lambda: nnx.SimpleCell(3, 2, rngs=Rngs(0)),
    'SimpleCell(3, 2, residual=True)': lambda: nnx.SimpleCell(3, 2, residual=True, rngs=Rngs(0)),
    'GRUCell(3, 2, bias_init=normal(1))': lambda: nnx.GRUCell(3, 2, bias_init=unit, rngs=Rngs(0)),
    'LSTMCell(3, 2, bias_init=normal(1))': lambda: nnx.LSTMCell(3, 2, bias_init=unit, rngs=Rngs(0)),
    'OptimizedLSTMCell(3, 2, bias_init=normal(1))': lambda: nnx.OptimizedLSTMCell(3, 2, bias_init=unit, rngs=Rngs(0)),
  }
  rnn = lambda **options: nnx.RNN(nnx.LSTMCell(3, 2, rngs=Rngs(0)), **options)
  both = {'return_carry': True, 'seq_lengths': lengths}
  gradient = nnx.grad(lambda rnn: (rnn(x) ** 2).sum())(rnn())
  forward, backward = [nnx.RNN(nnx.GRUCell(3, 2, rngs=Rngs(seed))) for seed in (0, 1)]
  return {
    '_doc': doc,
    'x': plain(x),
    'seq_lengths': plain(lengths),
    'cells': {name: cell_entry(make(), x[:, 0]) for name, make in cells.items()},
    'RNN(LSTMCell(3, 2))': {
      **plain({
        'y': rnn()(x),
        'return_carry': rnn(return_carry=True)(x),
        'return_carry, seq_lengths': rnn()(x, **both),
        'reverse': rnn(reverse=True)(x),
        'reverse, keep_order, return_carry': rnn(reverse=True, keep_order=True, return_carry=True)(x),
        'reverse, keep_order, return_carry, seq_lengths': rnn(reverse=True, keep_order=True)(x, **both),
        'reverse, seq_lengths': rnn(reverse=True)(x, seq_lengths=lengths),
        'time_major, unroll=2': rnn(time_major=True, unroll=2)(jnp.swapaxes(x, 0, 1)),
        'initial_carry=(ones, -ones)': rnn()(x, initial_carry=(jnp.ones((2, 2)), -jnp.ones((2, 2)))),
        'without batch': rnn()(x[0]),
      }),
      'grad of sum of squares': by_path(gradient),
    },
    'Bidirectional(RNN(GRUCell(3, 2)), Rngs(0) and Rngs(1))': plain({
      'y': nnx.Bidirectional(forward, backward)(x),
      'return_carry, seq_lengths': nnx.Bidirectional(forward, backward)(x, **both),
      'merge_fn=add': nnx.Bidirectional(forward, backward, merge_fn=jnp.add)(x),
    }),
  }


for name, make in {'nnx-attention': attention, 'nnx-recurrent': recurrent}.items():
  pathlib.Path(__file__).with_name(f'{name}.json').write_text(json.dumps(make(), separators=(',', ':')) + '\n')
