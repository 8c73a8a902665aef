"""Writes nnx-layers.json: layers of Flax 0.12.8 on JAX 0.10.2, beside those of nnx.json. pip install jax==0.10.2 flax==0.12.8"""
import json
import pathlib

import flax
import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

unit = nnx.initializers.normal(1.0)
affine = dict(scale_init=unit, bias_init=unit)
scaled = dict(scale_init=unit)


def numbers(value):
  """Floats as the shortest decimals that give their float32; keys as their words."""
  if jnp.issubdtype(value.dtype, jax.dtypes.prng_key):
    value = jax.random.key_data(value)
  array = np.asarray(value)
  if array.dtype == np.float32:
    array = np.vectorize(float)(array.astype(str))
  return array.tolist()


def name_of(path):
  """Paths with slashes. The parts of a tuple that is a key, as in the dictionaries of SpectralNorm, are parts of the path."""
  return '/'.join(name_of(part) if isinstance(part, tuple) else str(part) for part in path)


def state_of(module, *kinds):
  """Variables by path. The scales of WeightNorm are plain arrays in Flax; here they count as parameters."""
  flat = nnx.to_flat_state(nnx.state(module, *kinds))
  kind = lambda value: type(value).__name__ if isinstance(value, nnx.Variable) else 'Param'
  return {name_of(path): {'type': kind(value), 'value': numbers(value[...])} for path, value in flat}


def entry(make, x, call=lambda layer, x: layer(x)):
  layer = make(nnx.Rngs(0))
  state = state_of(layer)
  y = call(layer, x)
  result = {'state': state, 'x': numbers(x), 'y': numbers(y)}
  after = state_of(layer, nnx.BatchStat)
  return {**result, 'batch_stat_after': after} if after else result


def normal(*shape):
  return jax.random.normal(jax.random.key(1), shape)


mask = jnp.array([[[True], [False], [True]], [[True], [True], [False]]])

layers = {
  'LinearGeneral((3,2),(2,2),axis=(1,-1))':
    entry(lambda r: nnx.LinearGeneral((3, 2), (2, 2), axis=(1, -1), bias_init=unit, rngs=r), normal(2, 3, 4, 2)),
  'LinearGeneral(3,2,batch_axis={0:2})':
    entry(lambda r: nnx.LinearGeneral(3, 2, batch_axis={0: 2}, bias_init=unit, rngs=r), normal(2, 4, 3)),
  "Einsum('nta,hab->nthb',(3,2,4),(3,4))":
    entry(lambda r: nnx.Einsum('nta,hab->nthb', (3, 2, 4), (3, 4), bias_init=unit, rngs=r), normal(2, 3, 2)),
  "Einsum('...a,ab->b...',(3,2),(2,))":
    entry(lambda r: nnx.Einsum('...a,ab->b...', (3, 2), (2,), bias_init=unit, rngs=r), normal(2, 4, 3)),
  'Embed(5,3) attend':
    entry(lambda r: nnx.Embed(5, 3, rngs=r), normal(2, 3), lambda layer, x: layer.attend(x)),
  'Embed(4,2) out of range':
    entry(lambda r: nnx.Embed(4, 2, rngs=r), jnp.array([-1, -4, 0, 3])),
  'BatchNorm(3,axis=1,momentum=.9,epsilon=.1)':
    entry(lambda r: nnx.BatchNorm(3, axis=1, momentum=0.9, epsilon=0.1, **affine, rngs=r), normal(2, 3, 4)),
  'BatchNorm(2) mask':
    entry(lambda r: nnx.BatchNorm(2, use_scale=False, use_fast_variance=False, bias_init=unit, rngs=r), normal(2, 3, 2),
          lambda layer, x: layer(x, mask=mask)),
  'BatchNorm(2) after two calls, running':
    entry(lambda r: nnx.BatchNorm(2, use_bias=False, **scaled, rngs=r), normal(4, 2),
          lambda layer, x: (layer(x), layer(x + 1), layer(x, use_running_average=True))[2]),
  'BatchNorm(2,axis_name) in vmap':
    entry(lambda r: nnx.BatchNorm(2, axis_name='batch', rngs=r), normal(2, 3, 2),
          lambda layer, x: nnx.vmap(lambda m, x: m(x), in_axes=(None, 0), axis_name='batch')(layer, x)),
  'LayerNorm(12,reduction_axes=(1,2),feature_axes=(1,2))':
    entry(lambda r: nnx.LayerNorm(12, reduction_axes=(1, 2), feature_axes=(1, 2), **affine, rngs=r), normal(2, 3, 4)),
  'LayerNorm(2,reduction_axes=(1,2)) mask':
    entry(lambda r: nnx.LayerNorm(2, reduction_axes=(1, 2), use_fast_variance=False, **affine, rngs=r), normal(2, 3, 2),
          lambda layer, x: layer(x, mask=mask)),
  'RMSNorm(4,epsilon=.5)':
    entry(lambda r: nnx.RMSNorm(4, epsilon=0.5, **scaled, rngs=r), normal(2, 3, 4)),
  'GroupNorm(6,num_groups=3)':
    entry(lambda r: nnx.GroupNorm(6, num_groups=3, **affine, rngs=r), normal(2, 3, 3, 6)),
  'GroupNorm(6,group_size=3)':
    entry(lambda r: nnx.GroupNorm(6, num_groups=None, group_size=3, use_fast_variance=False, **affine, rngs=r), normal(2, 6)),
  'InstanceNorm(4)':
    entry(lambda r: nnx.InstanceNorm(4, **affine, rngs=r), normal(2, 3, 3, 4)),
  'InstanceNorm(3,feature_axes=1)':
    entry(lambda r: nnx.InstanceNorm(3, feature_axes=1, **affine, rngs=r), normal(2, 3, 5)),
  'PReLU(.25)': entry(lambda r: nnx.PReLU(0.25), normal(2, 3)),
  'LoRA(3,2,4)': entry(lambda r: nnx.LoRA(3, 2, 4, b_initializer=unit, rngs=r), normal(2, 3)),
  'LoRA(3,2,4,base_module=Linear)':
    entry(lambda r: nnx.LoRA(3, 2, 4, base_module=nnx.Linear(3, 4, rngs=r), b_initializer=unit, rngs=r), normal(2, 3)),
  'LoRALinear(3,4,lora_rank=2)': entry(lambda r: nnx.LoRALinear(3, 4, lora_rank=2, b_initializer=unit, rngs=r), normal(2, 3)),
  'Sequential(Linear,relu,Linear)':
    entry(lambda r: nnx.Sequential(nnx.Linear(3, 4, rngs=r), nnx.relu, nnx.Linear(4, 2, rngs=r)), normal(2, 3)),
  'Dropout(.5,broadcast_dims=(0,))':
    entry(lambda r: nnx.Dropout(0.5, broadcast_dims=(0,), rngs=r), jnp.ones((2, 6))),
  'WeightNorm(Linear(3,4))':
    entry(lambda r: nnx.WeightNorm(nnx.Linear(3, 4, rngs=r), rngs=r), normal(2, 3)),
  'SpectralNorm(Linear(3,4),n_steps=2)':
    entry(lambda r: nnx.SpectralNorm(nnx.Linear(3, 4, rngs=r), n_steps=2, rngs=r), normal(2, 3)),
}

def gradients(make, *shape):
  """Of sum(sin(layer(x)) * x) by x and by the parameters."""
  layer = make(nnx.Rngs(0))
  graphdef, params, rest = nnx.split(layer, nnx.Param, ...)
  loss = lambda params, x: jnp.sum(jnp.sin(nnx.merge(graphdef, params, rest, copy=True)(x)) * x)
  by_params, by_x = jax.grad(loss, argnums=(0, 1))(params, normal(*shape))
  by_path = {name_of(path): numbers(value[...]) for path, value in nnx.to_flat_state(by_params)}
  return {'state': state_of(layer), 'x': numbers(normal(*shape)), 'by x': numbers(by_x), 'by params': by_path}


derivatives = {
  'BatchNorm(3)': gradients(lambda r: nnx.BatchNorm(3, **affine, rngs=r), 4, 3),
  'BatchNorm(3,use_running_average)': gradients(lambda r: nnx.BatchNorm(3, use_running_average=True, **affine, rngs=r), 4, 3),
  'LayerNorm(3)': gradients(lambda r: nnx.LayerNorm(3, **affine, rngs=r), 4, 3),
  'LayerNorm(3,use_fast_variance=False)': gradients(lambda r: nnx.LayerNorm(3, use_fast_variance=False, **affine, rngs=r), 4, 3),
  'RMSNorm(3)': gradients(lambda r: nnx.RMSNorm(3, **scaled, rngs=r), 4, 3),
  'GroupNorm(6,num_groups=2)': gradients(lambda r: nnx.GroupNorm(6, num_groups=2, **affine, rngs=r), 2, 3, 6),
  'InstanceNorm(2)': gradients(lambda r: nnx.InstanceNorm(2, **affine, rngs=r), 2, 5, 2),
  'WeightNorm(Linear(3,3))': gradients(lambda r: nnx.WeightNorm(nnx.Linear(3, 3, rngs=r), use_scale=False, rngs=r), 4, 3),
}

doc = {'jax': jax.__version__, 'flax': flax.__version__, 'made by': pathlib.Path(__file__).name}
text = json.dumps({'_doc': doc, 'layers': layers, 'derivatives': derivatives}, separators=(',', ':'))
pathlib.Path(__file__).with_suffix('.json').write_text(text + '\n')
